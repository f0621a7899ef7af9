using System.Diagnostics;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Adds speed and remaining time to what the loop reports.</summary>
internal sealed class ProgressReporter(Action<TrainingProgress>? listener, int epochs, int stepsPerEpoch)
{
    private long _began = Stopwatch.GetTimestamp();
    private long _stepsBefore;
    private long _epochBegan;
    private long _imagesBefore;
    private TrainingProgress? _last;

    /// <param name="steps">Done by an earlier process, whose pace tells nothing of this one's.</param>
    public void Began(long steps) => (_began, _stepsBefore) = (Stopwatch.GetTimestamp(), steps);

    /// <param name="images">Of this epoch, seen by an earlier process.</param>
    public void EpochBegan(long images) => (_epochBegan, _imagesBefore) = (Stopwatch.GetTimestamp(), images);

    public void Stepped(int epoch, int step, double loss, double accuracy, double rate, long images)
    {
        if (listener is null)
        {
            return;
        }

        _last = new TrainingProgress(epoch, epochs, step, stepsPerEpoch, loss, accuracy, rate,
            (images - _imagesBefore) / Stopwatch.GetElapsedTime(_epochBegan).TotalSeconds, Elapsed, Remaining((epoch - 1) * (long)stepsPerEpoch + step), Completed: null);
        listener(_last);
    }

    public void EpochEnded(EpochMetrics metrics)
    {
        if (_last is not null)
        {
            listener!(_last with { Elapsed = Elapsed, Remaining = Remaining(metrics.Epoch * (long)stepsPerEpoch), Completed = metrics });
        }
    }

    private TimeSpan Elapsed => Stopwatch.GetElapsedTime(_began);

    private TimeSpan Remaining(long steps) => Elapsed * (((double)epochs * stepsPerEpoch - steps) / Math.Max(1, steps - _stepsBefore));
}
