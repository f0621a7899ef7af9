using System.Diagnostics;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>Runs a sweep: takes up what was interrupted, promotes what deserves it, begins new trials, until the budget is spent.</summary>
/// <param name="plan">What to do.</param>
/// <param name="journal">What was done, and where to write what is.</param>
/// <param name="train">Trains a trial up to an epoch, going on where it was, until the token says to stop.</param>
/// <param name="report">Told of each trial as it changes.</param>
internal sealed class SweepRunner(SweepPlan plan, SweepJournal journal, Func<SweepTrial, int, CancellationToken, TrialRun> train, Action<SweepTrial>? report)
{
    private int FirstStop => plan.Halving?.Rungs(plan.Epochs)[0] ?? plan.Epochs;

    /// <summary>Ends early, and without an error, where the token says so.</summary>
    public IReadOnlyList<SweepTrial> Run(CancellationToken token)
    {
        while (!token.IsCancellationRequested && TimeLeft() is var left && left > TimeSpan.Zero && Next() is var (trial, until))
        {
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(token);
            // A timer takes no more than this.
            stop.CancelAfter(left < TimeSpan.FromDays(40) ? left : Timeout.InfiniteTimeSpan);
            SweepTrial done = Train(trial, until, stop.Token);
            journal.Write(done);
            report?.Invoke(done);
        }

        return journal.Trials;
    }

    private TimeSpan TimeLeft() => plan.Time is { } time ? time - TimeSpan.FromSeconds(journal.Trials.Sum(trial => trial.Seconds)) : TimeSpan.MaxValue;

    private (SweepTrial, int)? Next()
    {
        if (journal.Trials.FirstOrDefault(trial => trial.State == TrialState.Interrupted) is { } interrupted)
        {
            return (interrupted, StopAfter(interrupted.Epochs));
        }

        if (plan.Halving?.Promotion(journal.Trials, plan.Epochs) is { } promotion)
        {
            return promotion;
        }

        if (plan.NewTrial(journal.Trials) is { } fresh)
        {
            journal.Write(fresh);
            return (fresh, FirstStop);
        }

        return LastPromotion();
    }

    // With few trials no rung may be full enough to send one to the top: the best goes there.
    private (SweepTrial, int)? LastPromotion() => journal.Trials.Any(trial => trial.State == TrialState.Completed)
        ? null
        : SweepTrial.Ranked(journal.Trials).FirstOrDefault(trial => trial.State == TrialState.Paused) is { } best ? (best, StopAfter(best.Epochs)) : null;

    private int StopAfter(int epochs) => plan.Halving?.Rungs(plan.Epochs).FirstOrDefault(rung => rung > epochs, plan.Epochs) ?? plan.Epochs;

    private SweepTrial Train(SweepTrial trial, int until, CancellationToken token)
    {
        Stopwatch watch = Stopwatch.StartNew();
        try
        {
            TrialRun run = train(trial, until, token);
            TrialState state = run.IsComplete ? TrialState.Completed
                : run.Curve.Count > 0 && run.Curve[^1].Epoch >= until ? TrialState.Paused
                : token.IsCancellationRequested ? TrialState.Interrupted
                : throw new InvalidOperationException($"The training ended before epoch {until}, though nobody asked it to.");
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
