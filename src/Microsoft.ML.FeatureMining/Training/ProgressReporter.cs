using System.Diagnostics;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Adds speed and remaining time to what the loop reports.</summary>
internal sealed class ProgressReporter(Action<TrainingProgress>? listener, int epochs, int stepsPerEpoch)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private long _epochBegan;
    private TrainingProgress? _last;

    public void EpochBegan() => _epochBegan = Stopwatch.GetTimestamp();

    public void Stepped(int epoch, int step, double loss, double accuracy, double rate, long images)
    {
        if (listener is null)
        {
            return;
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(_began);
        double done = (epoch - 1) * (double)stepsPerEpoch + step;
        TimeSpan remaining = elapsed * ((double)epochs * stepsPerEpoch / done - 1);
        _last = new TrainingProgress(epoch, epochs, step, stepsPerEpoch, loss, accuracy, rate,
            images / Stopwatch.GetElapsedTime(_epochBegan).TotalSeconds, elapsed, remaining, Completed: null);
        listener(_last);
    }

    public void EpochEnded(EpochMetrics metrics)
    {
        if (_last is not null)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_began);
            listener!(_last with { Elapsed = elapsed, Remaining = elapsed * ((double)epochs / metrics.Epoch - 1), Completed = metrics });
        }
    }
}
