using System.Globalization;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Training;

namespace Samples;

/// <summary>Shows the progress of training: a bar that is redrawn on a terminal, one line per epoch elsewhere.</summary>
internal abstract class ProgressView : IDisposable
{
    // mpirun gives a program a terminal also where its own output goes to a file.
    public static ProgressView Create() => Console.IsOutputRedirected || DistributedJob.World > 1 ? new ProgressLines() : new ProgressBar();

    public abstract void Show(TrainingProgress report);

    public virtual void Dispose() { }

    /// <summary>The results of a finished epoch.</summary>
    protected static string Line(TrainingProgress report, EpochMetrics epoch) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(epoch.Epoch == 0 ? "head fitted" : $"epoch {epoch.Epoch, 3}/{report.Epochs}")}  loss {epoch.TrainLoss:f4}{Accuracy(epoch.TrainAccuracy)}{Validation(epoch)}  {(epoch.Epoch == 0 ? "" : Speed(report))}"
        );

    /// <summary>Images per second, and the time left as minutes and seconds, with hours where there are any.</summary>
    protected static string Speed(TrainingProgress report) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{report.ImagesPerSecond:f0} images/s  "
                + $"{report.Remaining.ToString(report.Remaining.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture)} left"
        );

    /// <summary>The accuracy on training images; empty for object detection, which has none.</summary>
    protected static string Accuracy(double accuracy) =>
        double.IsNaN(accuracy) ? "" : string.Create(CultureInfo.InvariantCulture, $"  accuracy {accuracy, 6:p1}");

    private static string Validation(EpochMetrics epoch) =>
        epoch.ValidationAccuracy is { } accuracy
            ? string.Create(CultureInfo.InvariantCulture, $"  validation{(double.IsNaN(epoch.TrainAccuracy) ? " mAP" : "")} {accuracy, 6:p1}")
            : "";

    private sealed class ProgressLines : ProgressView
    {
        public override void Show(TrainingProgress report)
        {
            if (report.Completed is { } epoch)
            {
                Console.WriteLine(Line(report, epoch));
            }
        }
    }

    private sealed class ProgressBar : ProgressView
    {
        private const int Cells = 24;
        private const string ClearLine = "\r\u001b[2K";

        public override void Show(TrainingProgress report)
        {
            if (report.Completed is { } epoch)
            {
                Console.WriteLine($"{ClearLine}{Line(report, epoch)}");
                return;
            }

            double share = (double)report.Step / report.StepsPerEpoch;
            int full = (int)(share * Cells);
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"epoch {report.Epoch, 3}/{report.Epochs}  {new string('━', full)}{new string('─', Cells - full)} {share, 4:p0}  loss {report.Loss:f4}"
                    + $"{Accuracy(report.Accuracy)}  {Speed(report)}"
            );
            Console.Write(ClearLine + (text.Length < Console.WindowWidth || Console.WindowWidth <= 0 ? text : text[..(Console.WindowWidth - 1)]));
        }

        public override void Dispose() => Console.Write(ClearLine);
    }
}
