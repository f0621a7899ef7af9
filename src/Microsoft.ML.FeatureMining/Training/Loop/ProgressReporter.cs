using System.Diagnostics;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Adds speed and remaining time to the progress of the loop.</summary>
internal sealed class ProgressReporter(Action<TrainingProgress>? listener, int epochs, int stepsPerEpoch)
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

        _last = new TrainingProgress(
            epoch,
            epochs,
            step,
            stepsPerEpoch,
            loss,
            accuracy,
            rate,
            (images - _imagesBefore) / Stopwatch.GetElapsedTime(_epochStarted).TotalSeconds,
            Elapsed,
            Remaining((epoch - 1) * (long)stepsPerEpoch + step),
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
        if (_last is not null)
        {
            listener!(_last with { Elapsed = Elapsed, Remaining = Remaining(metrics.Epoch * (long)stepsPerEpoch), Completed = metrics });
        }
    }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_started);

    private TimeSpan Remaining(long steps) => Elapsed * (((double)epochs * stepsPerEpoch - steps) / Math.Max(1, steps - _stepsBefore));
}
