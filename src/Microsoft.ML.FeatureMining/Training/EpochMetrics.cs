using System.Globalization;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The metrics of one epoch.</summary>
/// <param name="Epoch">The epoch, from 1; 0 for the head that <see cref="FineTuning.FitHead"/> fits.</param>
/// <param name="LearningRate">The learning rate at the last step of the epoch.</param>
/// <param name="TrainLoss">The mean loss over the training images of the epoch (augmented, in training mode), without the additional terms of
/// strategies.</param>
/// <param name="TrainAccuracy">The top-1 accuracy on the same images, in [0, 1]; for multi-label, the mean Jaccard index of actual and predicted sets; for
/// object detection, NaN.</param>
/// <param name="ValidationLoss">The mean cross entropy on the validation images (for multi-label, the mean of the training loss function); null without
/// validation images.</param>
/// <param name="ValidationAccuracy">The same accuracy measure on the validation images, in [0, 1]; for object detection, the mean average precision; null
/// without validation images.</param>
/// <param name="Seconds">The wall-clock time of the epoch in seconds, including validation.</param>
public sealed record EpochMetrics(
    int Epoch,
    double LearningRate,
    double TrainLoss,
    double TrainAccuracy,
    double? ValidationLoss,
    double? ValidationAccuracy,
    double Seconds
)
{
    /// <summary>What <see cref="ValidationAccuracy"/> is.</summary>
    internal string Measure => double.IsNaN(TrainAccuracy) ? "mean average precision" : "accuracy";

    /// <summary>The metrics in words, for logs; what was not measured is left out.</summary>
    internal string Summary()
    {
        string training = double.IsNaN(TrainAccuracy) ? "" : FormattableString.Invariant($", accuracy {TrainAccuracy:P2}");
        string validation = ValidationAccuracy is { } accuracy
            ? FormattableString.Invariant($", validation loss {ValidationLoss:F4}, {Measure} {accuracy:P2}")
            : "";
        return FormattableString.Invariant($"loss {TrainLoss:F4}{training}{validation}, learning rate {LearningRate:G3}, {Seconds:F1} s");
    }
}

/// <summary>The progress of a run, reported every few steps and once at the end of each epoch.</summary>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="Epochs">The number of epochs of the run.</param>
/// <param name="Step">The number of finished steps of this epoch.</param>
/// <param name="StepsPerEpoch">The number of steps per epoch.</param>
/// <param name="Loss">The mean training loss of this epoch so far.</param>
/// <param name="Accuracy">The training accuracy of this epoch so far, in [0, 1]; for object detection, NaN.</param>
/// <param name="LearningRate">The learning rate of the last step.</param>
/// <param name="ImagesPerSecond">Training images per second in this epoch so far.</param>
/// <param name="Elapsed">The time since this process started or resumed the run.</param>
/// <param name="Remaining">The estimated remaining time of the run, including validation.</param>
/// <param name="Completed">The metrics of the epoch if this report ends it; else null.</param>
public sealed record TrainingProgress(
    int Epoch,
    int Epochs,
    int Step,
    int StepsPerEpoch,
    double Loss,
    double Accuracy,
    double LearningRate,
    double ImagesPerSecond,
    TimeSpan Elapsed,
    TimeSpan Remaining,
    EpochMetrics? Completed
)
{
    /// <summary>One line: epoch, step, loss, accuracy, speed and time left; at the end of an epoch its metrics.</summary>
    public override string ToString()
    {
        string where =
            Epoch == 0 ? "head fitted"
            : Completed is null ? FormattableString.Invariant($"epoch {Epoch}/{Epochs}, step {Step}/{StepsPerEpoch}")
            : FormattableString.Invariant($"epoch {Epoch}/{Epochs}");
        string validation = Completed is { ValidationAccuracy: { } accuracy } epoch
            ? FormattableString.Invariant($", validation loss {epoch.ValidationLoss:F4}, {epoch.Measure} {100 * accuracy:F1} %")
            : "";
        double train = Completed?.TrainAccuracy ?? Accuracy;
        string accuracyText = double.IsNaN(train) ? "" : FormattableString.Invariant($", accuracy {100 * train:F1} %");
        string left = Remaining.ToString(Remaining.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
        return FormattableString.Invariant(
            $"{where}: loss {Completed?.TrainLoss ?? Loss:F4}{accuracyText}{validation}, {ImagesPerSecond:F0} images/s, {left} left"
        );
    }
}

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All epochs were trained.</summary>
    Completed,

    /// <summary>Early stopping: the validation accuracy no longer improved.</summary>
    StoppedEarly,

    /// <summary>The run was canceled.</summary>
    Canceled,
}
