using System.Collections.Concurrent;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

/// <summary>Complete sweeps. A formula replaces the training.</summary>
public sealed class SweepRunnerTests
{
    private const int Epochs = 9;

    private static readonly SweepParameter[] Parameters = [new NumberParameter("rate", 1e-3, 1, logarithmic: true), new ChoiceParameter("batch", 32, 64)];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Run_ToItsBudget_RunsAllTrialsAndCompletesTheBest(bool halving)
    {
        using TemporaryFolder folder = new();

        IReadOnlyList<SweepTrial> trials = Run(folder.Path, Plan(halving), Formula);

        Assert.Equal(20, trials.Count);
        Assert.Equal(
            halving ? [(TrialState.Paused, 1), (TrialState.Paused, 3), (TrialState.Completed, 9)] : [(TrialState.Completed, 9)],
            trials.Select(trial => (trial.State, trial.Epochs)).Distinct().Order()
        );
        SweepTrial best = SweepTrial.Ranked(trials).First();
        Assert.Equal(TrialState.Completed, best.State);
        Assert.Equal(trials.Max(trial => trial.Score), best.Score);
        Assert.True(!halving || trials.Sum(trial => trial.Epochs) < 20 * Epochs / 2);
    }

    [Fact]
    public void Run_AFailingTrial_IsRecordedAndTheSweepContinues()
    {
        using TemporaryFolder folder = new();

        IReadOnlyList<SweepTrial> trials = Run(
            folder.Path,
            Plan(halving: true),
            (trial, until, token) => trial.Number % 4 == 1 ? throw new InvalidDataException($"no {trial.Number}") : Formula(trial, until, token)
        );

        Assert.Equal(20, trials.Count);
        Assert.All(trials, trial => Assert.Equal(trial.Number % 4 == 1 ? $"no {trial.Number}" : null, trial.Error));
        Assert.All(trials, trial => Assert.Equal(trial.Number % 4 == 1, trial.State == TrialState.Failed));
        Assert.Equal(TrialState.Failed, SweepTrial.Ranked(trials).Last().State);
    }

    [Fact]
    public void Run_ATrainingThatStopsEarly_Fails()
    {
        using TemporaryFolder folder = new();

        IReadOnlyList<SweepTrial> trials = Run(
            folder.Path,
            Plan(halving: false) with
            {
                Trials = 1,
            },
            (_, _, _) => new TrialRun([new TrialEpoch(1, 0.5)], IsComplete: false)
        );

        Assert.Equal(TrialState.Failed, Assert.Single(trials).State);
    }

    // Simulates a process that was killed at any moment: only the journal remains.
    [Fact]
    public void Run_AfterAKillAtAnyByteOfTheJournal_GivesTheSameTrials()
    {
        using TemporaryFolder complete = new();
        IReadOnlyList<SweepTrial> expected = Run(complete.Path, Plan(halving: true), Formula);
        byte[] journal = File.ReadAllBytes(complete[SweepJournal.FileName]);

        for (int length = 0; length < journal.Length; length += 37)
        {
            using TemporaryFolder killed = new();
            killed.Write(SweepJournal.FileName, journal[..length]);

            IReadOnlyList<SweepTrial> resumed = Run(killed.Path, Plan(halving: true), Formula);

            Assert.Equal(expected.Select(Describe), resumed.Select(Describe));
        }
    }

    [Fact]
    public void Run_ASecondTime_TrainsNothingAgain()
    {
        using TemporaryFolder folder = new();
        IReadOnlyList<SweepTrial> first = Run(folder.Path, Plan(halving: true), Formula);

        IReadOnlyList<SweepTrial> second = Run(folder.Path, Plan(halving: true), (_, _, _) => throw new InvalidOperationException("Trained again."));

        Assert.Equal(first.Select(Describe), second.Select(Describe));
    }

    [Fact]
    public void Run_WithALargerBudget_Continues()
    {
        using TemporaryFolder folder = new();
        IReadOnlyList<SweepTrial> first = Run(folder.Path, Plan(halving: false) with { Trials = 5 }, Formula);

        IReadOnlyList<SweepTrial> all = Run(folder.Path, Plan(halving: false), Formula);

        Assert.Equal(5, first.Count);
        Assert.Equal(first.Select(Describe), all.Take(5).Select(Describe));
        Assert.Equal(20, all.Count);
    }

    [Fact]
    public void Run_Canceled_ResumesTheInterruptedTrial()
    {
        using TemporaryFolder folder = new();
        using TemporaryFolder undisturbed = new();
        using CancellationTokenSource stop = new();

        IReadOnlyList<SweepTrial> first = Run(
            folder.Path,
            Plan(halving: false),
            (trial, until, token) =>
            {
                if (trial.Number < 2)
                {
                    return Formula(trial, until, token);
                }

                stop.Cancel();
                return new TrialRun(Formula(trial, 4, token).Curve, IsComplete: false);
            },
            stop.Token
        );
        List<(int, int)> asked = [];
        IReadOnlyList<SweepTrial> all = Run(
            folder.Path,
            Plan(halving: false),
            (trial, until, token) =>
            {
                asked.Add((trial.Number, trial.Epochs));
                return Formula(trial, until, token);
            }
        );

        Assert.Equal([TrialState.Completed, TrialState.Completed, TrialState.Interrupted], first.Select(trial => trial.State));
        Assert.Equal((2, 4), asked[0]);
        Assert.Equal(Run(undisturbed.Path, Plan(halving: false), Formula).Select(Describe), all.Select(Describe));
    }

    [Fact]
    public void Run_TimeLimitZero_DoesNothing()
    {
        using TemporaryFolder folder = new();

        Assert.Empty(Run(folder.Path, Plan(halving: true) with { TimeLimit = TimeSpan.Zero }, Formula));
    }

    [Fact]
    public void Run_TimeLimitWithinATrial_InterruptsIt()
    {
        using TemporaryFolder folder = new();

        IReadOnlyList<SweepTrial> trials = Run(
            folder.Path,
            Plan(halving: false) with
            {
                TimeLimit = TimeSpan.FromMilliseconds(50),
            },
            (_, _, token) =>
            {
                token.WaitHandle.WaitOne();
                throw new OperationCanceledException(token);
            }
        );

        Assert.Equal(TrialState.Interrupted, Assert.Single(trials).State);
        Assert.True(trials[0].Seconds >= 0.04);
    }

    [Theory]
    [InlineData("{\"trial\":1}\n", "line 2")]
    [InlineData("nonsense\n", "line 2")]
    [InlineData("{\"trial\":0,\"state\":\"paused\",\"settings\":[\"0.1\",\"33\"],\"curve\":[],\"seconds\":1}\n", "'33'")]
    [InlineData("{\"trial\":3,\"state\":\"paused\",\"settings\":[\"0.1\",\"32\"],\"curve\":[],\"seconds\":1}\n", "Trial 3")]
    public void Journal_Corrupt_NamesTheLine(string line, string expected)
    {
        using TemporaryFolder folder = new();
        folder.Write(SweepJournal.FileName, "\"key\"\n" + line);

        Assert.Contains(
            expected,
            Assert.Throws<InvalidDataException>(() => new SweepJournal(folder.Path, "key", Parameters)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("notes of mine, without a line break")]
    [InlineData("\"another key\"\n{\"trial\":0")]
    [InlineData("[1, 2]\n{")]
    public void Journal_ThatIsAnotherFile_IsRejectedAndUnchanged(string content)
    {
        using TemporaryFolder folder = new();
        string path = folder.Write(SweepJournal.FileName, content);

        Assert.Throws<InvalidDataException>(() => Run(folder.Path, Plan(halving: false), Formula));

        Assert.Equal(content, File.ReadAllText(path));
    }

    [Fact]
    public void Journal_OfAnotherSweep_IsRejected()
    {
        using TemporaryFolder folder = new();
        _ = new SweepJournal(folder.Path, "one", Parameters);

        Assert.Contains(
            "another sweep",
            Assert.Throws<InvalidDataException>(() => new SweepJournal(folder.Path, "two", Parameters)).Message,
            StringComparison.Ordinal
        );
    }

    // Locks are held per open file, so threads with journals of their own are to each other like processes.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Run_SeveralAtOnce_ShareTheTrialsAndTrainNoneTwice(bool halving)
    {
        using TemporaryFolder folder = new();
        ConcurrentDictionary<int, bool> busy = new();
        ConcurrentBag<(int Trial, int From, int Until, int Runner)> trained = [];

        Task[] runners =
        [
            .. Enumerable
                .Range(0, 4)
                .Select(runner =>
                    Task.Factory.StartNew(
                        () =>
                            Run(
                                folder.Path,
                                Plan(halving),
                                (trial, until, token) =>
                                {
                                    Assert.True(busy.TryAdd(trial.Number, true), $"Trial {trial.Number} is trained twice at once.");
                                    trained.Add((trial.Number, trial.Epochs, until, runner));
                                    Thread.Sleep(10);
                                    busy.TryRemove(trial.Number, out _);
                                    return Formula(trial, until, token);
                                }
                            ),
                        TaskCreationOptions.LongRunning
                    )
                ),
        ];
        await Task.WhenAll(runners);

        Assert.Equal(trained.Count, trained.Select(run => (run.Trial, run.Until)).Distinct().Count());
        Assert.True(trained.Select(run => run.Runner).Distinct().Count() > 1);
        IReadOnlyList<SweepTrial> trials = Run(folder.Path, Plan(halving), (_, _, _) => throw new InvalidOperationException("Trained again."));
        Assert.Equal(20, trials.Count);
        Assert.DoesNotContain(trials, trial => trial.State is TrialState.Failed or TrialState.Interrupted);
        Assert.Contains(trials, trial => trial.State == TrialState.Completed);
    }

    [Fact]
    public void Run_ATrialOfALostProcess_IsTakenUpOnceItsClaimIsGone()
    {
        using TemporaryFolder folder = new();
        SweepJournal journal = new(folder.Path, "key", Parameters);
        SweepTrial first = Plan(halving: false).NewTrial([])!;
        IDisposable claim = journal.Hold(() =>
        {
            journal.Write(first);
            return journal.TryClaim(first)!;
        });

        IReadOnlyList<SweepTrial> others = Run(folder.Path, Plan(halving: false), Formula);
        claim.Dispose();
        IReadOnlyList<SweepTrial> all = Run(folder.Path, Plan(halving: false), Formula);

        Assert.Equal(TrialState.Interrupted, others[0].State);
        Assert.All(others.Skip(1), trial => Assert.Equal(TrialState.Completed, trial.State));
        Assert.Equal(TrialState.Completed, all[0].State);
    }

    // A promotion that another process is training is neither made again nor passed on to a worse trial.
    [Fact]
    public void Run_APromotionInProgress_IsLeftAlone()
    {
        using TemporaryFolder folder = new();
        SweepPlan plan = Plan(halving: true) with { Trials = 3 };
        SweepJournal journal = new(folder.Path, "key", Parameters);
        IDisposable? claim = null;
        List<int> promoted = [];

        Run(
            folder.Path,
            plan,
            (trial, until, token) =>
            {
                if (trial.Number == 2)
                {
                    // Another process takes the best of the three before this one looks again.
                    claim = journal.TryClaim(journal.Hold(() => journal.Trials)[0]);
                }

                if (until > 1)
                {
                    promoted.Add(trial.Number);
                }

                return new TrialRun([.. Enumerable.Range(1, until).Select(epoch => new TrialEpoch(epoch, 1.0 / (1 + trial.Number)))], until == Epochs);
            }
        );

        Assert.NotNull(claim);
        claim.Dispose();
        Assert.Empty(promoted);
    }

    private static string Describe(SweepTrial trial) =>
        $"{trial.Number} {trial.State} {string.Join(' ', trial.Settings.Select(setting => setting.Value))} {string.Join(' ', trial.Curve)}";

    private static SweepPlan Plan(bool halving) =>
        new(Parameters, new TreeParzenSampler(Parameters, seed: 4), Epochs, halving ? new SuccessiveHalving() : null) { Trials = 20 };

    private static IReadOnlyList<SweepTrial> Run(
        string folder,
        SweepPlan plan,
        Func<SweepTrial, int, CancellationToken, TrialRun> train,
        CancellationToken token = default
    )
    {
        return [.. new SweepRunner(plan, new SweepJournal(folder, "key", Parameters), train, null, null).Run(token)];
    }

    // Best at learning rate 0.1 and batch size 64; increases with every epoch.
    private static TrialRun Formula(SweepTrial trial, int until, CancellationToken token)
    {
        double quality = Math.Exp(-Math.Pow(Math.Log10((double)trial.Settings[0].Value) + 1, 2)) - (trial.Settings[1].Value is 64 ? 0 : 0.1);
        return new TrialRun([.. Enumerable.Range(1, until).Select(epoch => new TrialEpoch(epoch, quality * (1 - Math.Exp(-epoch))))], until == Epochs);
    }
}
