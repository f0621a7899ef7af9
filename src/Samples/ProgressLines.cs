using Microsoft.ML.FeatureMining.Training;

namespace Samples;

internal sealed class ProgressLines : ProgressView
{
    public override void Show(TrainingProgress report)
    {
        if (report.Completed is { } epoch)
        {
            Console.WriteLine(Line(report, epoch));
        }
    }
}
