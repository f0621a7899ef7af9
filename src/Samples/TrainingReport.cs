using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining;

namespace Samples;

/// <summary>Settings, learning curve and metrics of one run, as JSON for scripts.</summary>
internal static class TrainingReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static void Write(FileInfo file, string trainer, int? stepsAnEpoch, Findings? findings, ImageClassificationModel network) => Write(file, new
    {
        Trainer = trainer,
        Parameters = network.ParameterCount,
        network.Recipe,
        StepsAnEpoch = stepsAnEpoch,
        network.EarlierHistory,
        network.History,
        Test = findings?.Measured.Details,
        findings?.Classifiers,
        findings?.Activations,
    });

    /// <summary>What was measured of a model that is not trained here.</summary>
    public static void Write(FileInfo file, Measured measured) => Write(file, new { Test = measured.Details });

    // Written aside: a report that is there is whole.
    private static void Write(FileInfo file, object report)
    {
        file.Directory?.Create();
        string aside = $"{file.FullName}.part";
        File.WriteAllText(aside, JsonSerializer.Serialize(report, Json));
        File.Move(aside, file.FullName, overwrite: true);
    }
}
