using System.Globalization;
using Microsoft.ML.FeatureMining.Training;

namespace Samples;

/// <summary>Shows how a training run is doing: a bar that rewrites itself on a terminal, a line an epoch elsewhere.</summary>
internal abstract class ProgressView : IDisposable
{
    public static ProgressView Create() => Console.IsOutputRedirected ? new ProgressLines() : new ProgressBar();

    public abstract void Show(TrainingProgress report);

    public virtual void Dispose()
    {
    }

    /// <summary>The figures of a finished epoch.</summary>
    protected static string Line(TrainingProgress report, EpochMetrics epoch) => string.Create(CultureInfo.InvariantCulture,
        $"epoch {epoch.Epoch,3}/{report.Epochs}  loss {epoch.TrainLoss:f4}  accuracy {epoch.TrainAccuracy,6:p1}{Validation(epoch)}  {report.ImagesPerSecond:f0} images/s  {Clock(report.Remaining)} left");

    /// <summary>Minutes and seconds, hours where there are any.</summary>
    protected static string Clock(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);

    private static string Validation(EpochMetrics epoch) => epoch.ValidationAccuracy is { } accuracy
        ? string.Create(CultureInfo.InvariantCulture, $"  validation {accuracy,6:p1}")
        : "";
}
