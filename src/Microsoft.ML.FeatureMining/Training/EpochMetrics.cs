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
