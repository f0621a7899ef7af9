using System.Diagnostics;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Adds speed and remaining time to the progress of the loop.</summary>
/// <param name="listener">Receives the progress; null for nobody.</param>
/// <param name="stepCosts">For each epoch the relative time of a step: its number of pixels, which differs with progressive resizing.</param>
/// <param name="stepsPerEpoch">Steps per epoch.</param>
internal sealed class ProgressReporter(Action<TrainingProgress>? listener, IReadOnlyList<double> stepCosts, int stepsPerEpoch)
{
    private long _started = Stopwatch.GetTimestamp();
    private long _stepsBefore;
    private long _epochStarted;
    private long _imagesBefore;
    private TrainingProgress? _last;

    /// <param name="steps">Steps done by an earlier process, which are excluded from the speed.</param>
    public void StartRun(long steps) => (_started, _stepsBefore) = (Stopwatch.GetTimestamp(), steps);

    /// <param name="images">Images of this epoch processed by an earlier process, which are excluded from the speed.</param>
    public void StartEpoch(long images) => (_epochStarted, _imagesBefore) = (Stopwatch.GetTimestamp(), images);

    public void ReportStep(int epoch, int step, double loss, double accuracy, double rate, long images)
    {
        if (listener is null)
        {
            return;
        }

        TimeSpan elapsed = Elapsed;
        _last = new TrainingProgress(
            epoch,
            stepCosts.Count,
            step,
            stepsPerEpoch,
            loss,
            accuracy,
            rate,
            (images - _imagesBefore) / Stopwatch.GetElapsedTime(_epochStarted).TotalSeconds,
            elapsed,
            Remaining((epoch - 1) * (long)stepsPerEpoch + step, elapsed),
            Completed: null
        );
        // The last step of an epoch is reported with the metrics of the epoch.
        if (step < stepsPerEpoch)
        {
            listener(_last);
        }
    }

    public void EndEpoch(EpochMetrics metrics)
    {
        // Before the first step, a fitted head ends epoch 0.
        TrainingProgress last = _last ?? new(0, stepCosts.Count, 0, stepsPerEpoch, metrics.TrainLoss, metrics.TrainAccuracy, 0, 0, default, default, null);
        TimeSpan elapsed = Elapsed;
        listener?.Invoke(
            last with
            {
                LearningRate = metrics.LearningRate,
                Elapsed = elapsed,
                Remaining = Remaining(metrics.Epoch * (long)stepsPerEpoch, elapsed),
                Completed = metrics,
            }
        );
    }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    private TimeSpan Remaining(long steps, TimeSpan elapsed)
    {
        double done = Cost(steps) - Cost(_stepsBefore);
        return done > 0 ? elapsed * ((Cost((long)stepCosts.Count * stepsPerEpoch) - Cost(steps)) / done) : TimeSpan.Zero;
    }

    // Of the first steps of the run.
    private double Cost(long steps)
    {
        double cost = 0;
        for (int epoch = 0; epoch < stepCosts.Count && steps > 0; epoch++, steps -= stepsPerEpoch)
        {
            cost += stepCosts[epoch] * Math.Min(steps, stepsPerEpoch);
        }

        return cost;
    }
}
