namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What one epoch gave.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="LearningRate">The rate at the epoch's last step.</param>
/// <param name="TrainLoss">Mean criterion over the epoch's images as the network saw them (augmented, in training mode), without the strategies' terms.</param>
/// <param name="TrainAccuracy">Top-1 accuracy over the same, in [0, 1]; where labels are sets, the mean over the images of their Jaccard index with the predicted sets.</param>
/// <param name="ValidationLoss">Mean cross entropy on the validation images, where labels are sets the criterion; null without any.</param>
/// <param name="ValidationAccuracy">The same accuracy on the validation images, in [0, 1]; null without any.</param>
/// <param name="Seconds">Wall-clock time of the epoch with its validation.</param>
public sealed record EpochMetrics(
    int Epoch, double LearningRate, double TrainLoss, double TrainAccuracy, double? ValidationLoss, double? ValidationAccuracy, double Seconds);

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

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs were run.</summary>
    Completed,

    /// <summary>The validation accuracy stopped rising.</summary>
    StoppedEarly,

    /// <summary>Somebody asked it to.</summary>
    Canceled,
}
