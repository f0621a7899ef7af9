using System.Text.Json;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>The JSON description of a saved detector. The first half is needed for scoring; the rest records the training.</summary>
internal sealed record DetectorManifest
{
    public const int CurrentFormatVersion = 1;

    // A manifest may be malicious, and the network is created before the weights are read.
    private const int MaxClasses = 100_000;
    private const int MaxSize = 4096;

    private static readonly JsonSerializerOptions Json = new(Files.Json.State) { WriteIndented = true, MaxDepth = 32 };

    public int FormatVersion { get; init; } = CurrentFormatVersion;

    public required string Backbone { get; init; }

    public required RetinaNetSettings Network { get; init; }

    public required int ClassCount { get; init; }

    /// <summary>The class names in the order of the logits; null if the label had no names.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Height and width of the input.</summary>
    public required int ImageSize { get; init; }

    /// <summary>Who decoded the training images; null if it is not known.</summary>
    public ImageOrigin? Origin { get; init; }

    /// <summary>The mean of each channel that is subtracted from the input, from 0 to 255.</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>The standard deviation of each channel that the input is divided by.</summary>
    public required IReadOnlyList<float> Std { get; init; }

    /// <summary>The recipe, for information only.</summary>
    public JsonElement? Recipe { get; init; }

    /// <summary>The epoch that the weights are from, counted from 1.</summary>
    public int Epoch { get; init; }

    public TrainingEnd End { get; init; }

    public IReadOnlyList<EpochMetrics> History { get; init; } = [];

    /// <summary>The number of training rows skipped because their image was unreadable.</summary>
    public int SkippedImages { get; init; }

    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    public ImagePreprocessing ToPreprocessing() => new() { Shape = new ImageShape(3, ImageSize, ImageSize), Letterbox = true };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="InvalidDataException">The text is not a manifest, or has a newer format.</exception>
    public static DetectorManifest FromJson(string text)
    {
        try
        {
            DetectorManifest manifest =
                JsonSerializer.Deserialize<DetectorManifest>(text, Json) ?? throw new InvalidDataException("The detector's manifest is damaged: it is empty.");
            return manifest.Checked();
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"The detector's manifest is damaged: {e.Message}", e);
        }
    }

    private DetectorManifest Checked()
    {
        if (FormatVersion > CurrentFormatVersion)
        {
            throw new InvalidDataException(
                $"The detector's format version is {FormatVersion}, but this library reads versions up to {CurrentFormatVersion}. Update the library."
            );
        }

        bool valid =
            FormatVersion >= 1
            && ClassCount is >= 1 and <= MaxClasses
            && (ClassNames is null || (ClassNames.Count == ClassCount && ClassNames.All(name => name is not null)))
            && ImageSize is >= AnchorGrid.Stride and <= MaxSize
            && ImageSize % AnchorGrid.Stride == 0
            && !Network.Problems().Any()
            && Mean.Count == 3
            && Std.Count == 3
            && Mean.All(float.IsFinite)
            && Std.All(value => float.IsFinite(value) && value >= 0)
            && (Origin is not { } origin || Enum.IsDefined(origin));
        return valid ? this : throw new InvalidDataException("The detector's manifest is damaged: a value is out of range, or the counts do not match.");
    }
}

/// <summary>A trained detector in its stored form. Immutable; has no native memory.</summary>
internal sealed record SavedDetector(DetectorManifest Manifest, NamedTensors Weights)
{
    public const string ManifestFile = "detector.json";
    public const string WeightsFile = Models.SavedModel.WeightsFile;

    /// <summary>Reads the weights of a detector.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or declares more bytes than the network has.</exception>
    public static NamedTensors ReadWeights(DetectorManifest manifest, Stream stream) =>
        Safetensors.Read(
            stream,
            header =>
                Models.WeightBudget.Check(
                    header.Entries,
                    manifest.Backbone,
                    manifest.ClassCount,
                    classes => RetinaNet.Create(manifest.Backbone, manifest.ToPreprocessing().Shape.Channels, classes, manifest.Network)
                )
        );
}
