using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Training.Runs;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// Runs a sweep until its budget is used up: resumes interrupted trials, promotes the best, starts new ones. Several processes may run the same sweep; each
/// ends when only trials are left that others are training.
/// </summary>
/// <param name="plan">The plan of the sweep.</param>
/// <param name="journal">The journal with the trials so far; new results are written to it.</param>
/// <param name="train">Trains a trial up to an epoch, resuming from its last epoch, until the token is canceled.</param>
/// <param name="onChange">Called whenever a trial changes, while other processes wait.</param>
/// <param name="report">Called whenever a trial changes.</param>
internal sealed class SweepRunner(
    SweepPlan plan,
    SweepJournal journal,
    Func<SweepTrial, int, CancellationToken, TrialRun> train,
    Action? onChange,
    Action<SweepTrial>? report
)
{
    private int FirstStop => plan.Halving?.Rungs(plan.Epochs)[0] ?? plan.Epochs;

    /// <summary>Runs the sweep. Cancellation ends it early without an exception.</summary>
    public IReadOnlyList<SweepTrial> Run(CancellationToken token)
    {
        while (!token.IsCancellationRequested && journal.Hold(Next) is { } work)
        {
            using IDisposable claim = work.Claim;
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(token);
            // Timers do not support longer intervals.
            stop.CancelAfter(work.Left < TimeSpan.FromDays(40) ? work.Left : Timeout.InfiniteTimeSpan);
            SweepTrial done = Train(work.Trial, work.Until, stop.Token);
            journal.Hold(() =>
            {
                journal.Write(done);
                onChange?.Invoke();
                return done;
            });
            report?.Invoke(done);
        }

        return journal.Trials;
    }

    private TimeSpan TimeLeft() => plan.TimeLimit is { } limit ? limit - TimeSpan.FromSeconds(journal.Trials.Sum(trial => trial.Seconds)) : TimeSpan.MaxValue;

    private Work? Next()
    {
        TimeSpan left = TimeLeft();
        IDisposable? claim = null;
        if (left <= TimeSpan.Zero)
        {
            return null;
        }

        // A trial that nobody trains was left behind by a process that ended.
        if (journal.Trials.FirstOrDefault(trial => trial.State == TrialState.Interrupted && Claim(trial)) is { } interrupted)
        {
            return new Work(interrupted, StopAfter(interrupted.Epochs), left, claim!);
        }

        if (plan.Halving?.Promotion(journal.Trials, plan.Epochs, Claim) is var (promoted, until))
        {
            return new Work(promoted, until, left, claim!);
        }

        if (plan.NewTrial(journal.Trials) is { } fresh)
        {
            journal.Write(fresh);
            return Claim(fresh) ? new Work(fresh, FirstStop, left, claim!) : throw new IOException($"Trial {fresh.Number} is new, but claimed already.");
        }

        return LastPromotion() is { } last && Claim(last) ? new Work(last, StopAfter(last.Epochs), left, claim!) : null;

        bool Claim(SweepTrial trial) => (claim = journal.TryClaim(trial)) is not null;
    }

    // With few trials, no rung may have enough members for a promotion. Then the best trial is trained to the end. If another process is training a trial, it
    // decides when that has ended.
    private SweepTrial? LastPromotion() =>
        journal.Trials.Any(trial => trial.State is TrialState.Completed or TrialState.Interrupted || (trial.State == TrialState.Paused && IsBusy(trial)))
            ? null
            : SweepTrial.Ranked(journal.Trials).FirstOrDefault(trial => trial.State == TrialState.Paused);

    private bool IsBusy(SweepTrial trial)
    {
        using IDisposable? claim = journal.TryClaim(trial);
        return claim is null;
    }

    private int StopAfter(int epochs) => plan.Halving?.Rungs(plan.Epochs).FirstOrDefault(rung => rung > epochs, plan.Epochs) ?? plan.Epochs;

    private SweepTrial Train(SweepTrial trial, int until, CancellationToken token)
    {
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            TrialRun run = train(trial, until, token);
            TrialState state =
                run.IsComplete ? TrialState.Completed
                : run.Curve.Count > 0 && run.Curve[^1].Epoch >= until ? TrialState.Paused
                : token.IsCancellationRequested ? TrialState.Interrupted
                : throw new InvalidOperationException(
                    $"The training stopped before epoch {until} without being canceled. A sweep needs a pipeline that " + $"trains all epochs."
                );
            return trial with { State = state, Curve = run.Curve, Seconds = trial.Seconds + watch.Elapsed.TotalSeconds };
        }
        catch (OperationCanceledException) when (token.IsCancellationRequested)
        {
            return trial with { State = TrialState.Interrupted, Seconds = trial.Seconds + watch.Elapsed.TotalSeconds };
        }
        catch (Exception e) when (e is not (OutOfMemoryException or InvalidProgramException))
        {
            return trial with { State = TrialState.Failed, Error = e.Message, Seconds = trial.Seconds + watch.Elapsed.TotalSeconds };
        }
    }
}

/// <summary>A trial to train.</summary>
/// <param name="Trial">The trial.</param>
/// <param name="Until">The epoch to train it to.</param>
/// <param name="Left">The time that is left.</param>
/// <param name="Claim">Keeps other processes from training it.</param>
internal sealed record Work(SweepTrial Trial, int Until, TimeSpan Left, IDisposable Claim);

/// <summary>The plan of a sweep. To resume a sweep, everything except the budget must be the same.</summary>
/// <param name="Parameters">The parameters to vary.</param>
/// <param name="Sampler">Chooses the settings of new trials.</param>
/// <param name="Epochs">The number of epochs of a completed trial.</param>
/// <param name="Halving">Early stopping; null for none.</param>
internal sealed record SweepPlan(IReadOnlyList<SweepParameter> Parameters, ISampler Sampler, int Epochs, SuccessiveHalving? Halving)
{
    /// <summary>The maximum number of trials.</summary>
    public required int Trials { get; init; }

    /// <summary>The maximum total time of all runs of the sweep; null for no limit.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>A new trial with its settings; null if there is nothing left to try.</summary>
    public SweepTrial? NewTrial(IReadOnlyList<SweepTrial> trials)
    {
        double[][] ranked = [.. SweepTrial.Ranked(trials.Where(trial => trial.Score is not null || trial.State == TrialState.Failed)).Select(PositionsOf)];
        double[]? positions = trials.Count < Trials ? Sampler.Next(trials.Count, ranked) : null;
        return positions is null
            ? null
            : new SweepTrial(
                trials.Count,
                [.. Parameters.Zip(positions, (parameter, position) => KeyValuePair.Create(parameter.Name, parameter.ValueAt(position)))]
            );
    }

    private double[] PositionsOf(SweepTrial trial) => [.. Parameters.Zip(trial.Settings, (parameter, setting) => parameter.PositionOf(setting.Value))];
}

/// <summary>The folders in which the trials of a sweep store their runs, one per trial.</summary>
internal sealed class TrialFolders(string folder)
{
    public string Of(SweepTrial trial) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"trial-{trial.Number:d4}"));

    /// <summary>Deletes the checkpoints of finished trials except the best. Trials that may continue keep theirs.</summary>
    public void Prune(IReadOnlyList<SweepTrial> trials)
    {
        SweepTrial? best = SweepTrial.Best(trials);
        foreach (SweepTrial trial in trials.Where(trial => trial.State is TrialState.Completed or TrialState.Failed && trial.Number != best?.Number))
        {
            CheckpointFolder.RemoveAllBelow(Of(trial));
        }
    }
}

/// <summary>The result of one run of a trial.</summary>
/// <param name="Curve">The score after each epoch, from the first epoch.</param>
/// <param name="IsComplete">Whether the training has finished.</param>
internal sealed record TrialRun(IReadOnlyList<TrialEpoch> Curve, bool IsComplete);
