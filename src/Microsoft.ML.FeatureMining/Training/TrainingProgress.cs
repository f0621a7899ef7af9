namespace Microsoft.ML.FeatureMining.Training;

/// <summary>How far a run is, reported every few steps and at the end of each epoch.</summary>
/// <param name="Epoch">The epoch under way, from 1.</param>
/// <param name="Epochs">All epochs.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="StepsPerEpoch">Steps of an epoch.</param>
/// <param name="Loss">Mean criterion over this epoch so far.</param>
/// <param name="Accuracy">Top-1 accuracy over this epoch so far, in [0, 1].</param>
/// <param name="LearningRate">The rate of the last step.</param>
/// <param name="ImagesPerSecond">Training images a second over this epoch so far.</param>
/// <param name="Elapsed">Since the first step of the run.</param>
/// <param name="Remaining">The rest of the run at the pace so far, validation included.</param>
/// <param name="Completed">The epoch's figures where this report ends an epoch; null otherwise.</param>
public sealed record TrainingProgress(
    int Epoch, int Epochs, int Step, int StepsPerEpoch, double Loss, double Accuracy, double LearningRate, double ImagesPerSecond,
    TimeSpan Elapsed, TimeSpan Remaining, EpochMetrics? Completed);
