using System.Globalization;
using Microsoft.ML.FeatureMining.Training;

namespace Samples;

/// <summary>One line that rewrites itself within an epoch, and stays as the epoch's figures when it ends.</summary>
internal sealed class ProgressBar : ProgressView
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
        string text = string.Create(CultureInfo.InvariantCulture,
            $"epoch {report.Epoch,3}/{report.Epochs}  {new string('━', full)}{new string('─', Cells - full)} {share,4:p0}  loss {report.Loss:f4}  accuracy {report.Accuracy:p1}  {report.ImagesPerSecond:f0} images/s  {Clock(report.Remaining)} left");
        Console.Write(ClearLine + (text.Length < Console.WindowWidth || Console.WindowWidth <= 0 ? text : text[..(Console.WindowWidth - 1)]));
    }

    public override void Dispose() => Console.Write(ClearLine);
}
