namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>Adds speed and remaining time to the progress of the loop.</summary>
/// <param name="listener">Receives the progress; null for nobody.</param>
/// <param name="stepCosts">For each epoch the relative time of a step: its number of pixels, which differs with progressive resizing.</param>
/// <param name="stepsPerEpoch">Steps per epoch.</param>
/// <param name="time">Measures time.</param>
internal sealed class ProgressReporter(Action<TrainingProgress>? listener, IReadOnlyList<double> stepCosts, int stepsPerEpoch, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();
    private long _stepsStarted;
    private long _stepsBefore;
    private long _epochStarted;
    private long _imagesBefore;
    private double _imagesPerSecond;

    /// <param name="steps">Steps done by an earlier process, which are excluded from the speed.</param>
    public void StartSteps(long steps) => (_stepsStarted, _stepsBefore) = (time.GetTimestamp(), steps);

    /// <param name="images">Images of this epoch processed by an earlier process, which are excluded from the speed.</param>
    public void StartEpoch(long images) => (_epochStarted, _imagesBefore) = (time.GetTimestamp(), images);

    /// <summary>Reports a step; of the last one of an epoch, only the speed is kept for <see cref="EndEpoch"/>.</summary>
    public void ReportStep(int epoch, int step, double loss, double accuracy, double rate, long images)
    {
        _imagesPerSecond = (images - _imagesBefore) / time.GetElapsedTime(_epochStarted).TotalSeconds;
        if (step < stepsPerEpoch)
        {
            Report(epoch, step, loss, accuracy, rate, completed: null);
        }
    }

    /// <summary>Reports an epoch; 0 is the fit of the head.</summary>
    public void EndEpoch(EpochMetrics metrics) =>
        Report(metrics.Epoch, metrics.Epoch == 0 ? 0 : stepsPerEpoch, metrics.TrainLoss, metrics.TrainAccuracy, metrics.LearningRate, metrics);

    private void Report(int epoch, int step, double loss, double accuracy, double rate, EpochMetrics? completed) =>
        listener?.Invoke(
            new TrainingProgress(
                epoch,
                stepCosts.Count,
                step,
                stepsPerEpoch,
                loss,
                accuracy,
                rate,
                _imagesPerSecond,
                time.GetElapsedTime(_started),
                epoch == 0 ? TimeSpan.Zero : Remaining(((epoch - 1) * (long)stepsPerEpoch) + step),
                completed
            )
        );

    private TimeSpan Remaining(long steps)
    {
        double done = Cost(steps) - Cost(_stepsBefore);
        return done > 0 ? time.GetElapsedTime(_stepsStarted) * ((Cost((long)stepCosts.Count * stepsPerEpoch) - Cost(steps)) / done) : TimeSpan.Zero;
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
