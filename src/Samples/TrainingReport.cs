using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Training;

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

    public static void Write(FileInfo file, string trainer, ImageClassificationOptions settings, IReadOnlyList<EpochMetrics> history, Measured? measured)
    {
        file.Directory?.Create();
        File.WriteAllText(file.FullName, JsonSerializer.Serialize(new
        {
            Trainer = trainer,
            settings.Backbone,
            (settings as FeatureMiningOptions)?.Stages,
            (settings as FeatureMiningOptions)?.Segmentation,
            Strategies = settings.Strategies.Select(strategy => strategy.Key),
            settings.Epochs,
            settings.BatchSize,
            settings.LearningRate,
            settings.WeightDecay,
            settings.Schedule,
            settings.Seed,
            History = history,
            Test = measured?.Details,
        }, Json));
    }
}
