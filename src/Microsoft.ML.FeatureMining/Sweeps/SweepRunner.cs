using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Training.Runs;

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

/// <summary>What a sweep is to do; a sweep that is taken up again must have the same but for its budget.</summary>
/// <param name="Parameters">What varies.</param>
/// <param name="Sampler">How settings are chosen.</param>
/// <param name="Epochs">Of a trial that goes to its end.</param>
/// <param name="Halving">Early stopping; null for none.</param>
internal sealed record SweepPlan(IReadOnlyList<SweepParameter> Parameters, ISampler Sampler, int Epochs, SuccessiveHalving? Halving)
{
    /// <summary>Trials at most.</summary>
    public required int Trials { get; init; }

    /// <summary>Time at most, all runs of the sweep together; null for any.</summary>
    public TimeSpan? Time { get; init; }

    /// <summary>The settings of a trial to come; null where there is nothing left to try.</summary>
    public SweepTrial? NewTrial(IReadOnlyList<SweepTrial> trials)
    {
        double[][] ranked = [.. SweepTrial.Ranked(trials.Where(trial => trial.Score is not null || trial.State == TrialState.Failed)).Select(PlacesOf)];
        double[]? places = trials.Count < Trials ? Sampler.Next(trials.Count, ranked) : null;
        return places is null ? null : new SweepTrial(trials.Count, [.. Parameters.Zip(places, (parameter, place) => KeyValuePair.Create(parameter.Name, parameter.At(place)))]);
    }

    private double[] PlacesOf(SweepTrial trial) => [.. Parameters.Zip(trial.Settings, (parameter, setting) => parameter.PlaceOf(setting.Value))];
}

/// <summary>Where the trials of a sweep keep the state of their runs: a folder each.</summary>
internal sealed class TrialFolders(string folder)
{
    public string Of(SweepTrial trial) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"trial-{trial.Number:d4}"));

    /// <summary>Removes the weights of trials that have ended, but for the best's; a trial that may go on keeps what it goes on from.</summary>
    public void Prune(IReadOnlyList<SweepTrial> trials)
    {
        SweepTrial? best = SweepTrial.Best(trials);
        foreach (SweepTrial trial in trials.Where(trial => trial.State is TrialState.Completed or TrialState.Failed && trial.Number != best?.Number))
        {
            CheckpointFolder.RemoveAllBelow(Of(trial));
        }
    }
}

/// <summary>What a stretch of a trial's training gave.</summary>
/// <param name="Curve">The score after each epoch, from the first.</param>
/// <param name="IsComplete">Whether the training came to an end of its own.</param>
internal sealed record TrialRun(IReadOnlyList<TrialEpoch> Curve, bool IsComplete);
