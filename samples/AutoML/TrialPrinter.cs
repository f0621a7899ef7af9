using System.Globalization;
using Microsoft.ML.AutoML;

namespace AutoMLSample;

/// <summary>Tells of each trial as it ends.</summary>
internal sealed class TrialPrinter : IMonitor
{
    public void ReportRunningTrial(TrialSettings setting) { }

    public void ReportCompletedTrial(TrialResult result) =>
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"trial {result.TrialSettings.TrialId}: accuracy {result.Metric:P1} in {result.DurationInMilliseconds / 1000:F0} s"
            )
        );

    public void ReportBestTrial(TrialResult result) { }

    public void ReportFailTrial(TrialSettings settings, Exception? exception = null) => Console.WriteLine($"trial {settings.TrialId}: {exception?.Message}");
}
