using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>The JSON description of a saved model. The first half is needed for scoring; the rest records the training.</summary>
internal sealed record ModelManifest
{
    public const int CurrentFormatVersion = 2;

    // A manifest may be malicious, and the network is created for its number of classes before the weights are read.
    private const int MaxClasses = 1_000_000;

    // Manifests of older versions lack some values.
    private static readonly JsonSerializerOptions Json = new(Files.Json.State)
    {
        WriteIndented = true,
        MaxDepth = 32,
        RespectRequiredConstructorParameters = false,
    };

    private static readonly JsonDocumentOptions Unambiguous = new() { AllowDuplicateProperties = false };

    public int FormatVersion { get; init; } = CurrentFormatVersion;

    public required string Backbone { get; init; }

    /// <summary>null: the default head of the backbone's family.</summary>
    public Head? Head { get; init; }

    /// <summary>The strides between the stages, for the network's exits (<see cref="ImageNetwork.AddExits"/>); null if it has none.</summary>
    public IReadOnlyList<StageStride>? Exits { get; init; }

    /// <summary>Whether the model is multi-label: an image may have any number of classes, each with its own probability.</summary>
    public bool IsMultilabel { get; init; }

    public required int ClassCount { get; init; }

    /// <summary>The class names in the order of the logits; null if the label had no names.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>The preprocessing of training; its shape is that of the network's input.</summary>
    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>The views of an image to score and average.</summary>
    public TestTimeAugmentation TestTimeAugmentation { get; init; }

    /// <summary>The temperature T that the logits are divided by, fitted by calibration; 1 if the model is not calibrated.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>The preprocessing of the image that the views are cropped from.</summary>
    [JsonIgnore]
    public ImagePreprocessing ScoringPreprocessing => TestTimeViews.Source(TestTimeAugmentation, Preprocessing);

    /// <summary>The type of the source pixels: bytes, or floats, which are used unchanged.</summary>
    public PixelType Element { get; init; }

    /// <summary>Who decoded the training images; null for planar floats, or if it is not known.</summary>
    public ImageOrigin? Origin { get; init; }

    /// <summary>The mean of each channel that is subtracted from the input, in the units of the pixels.</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>The standard deviation of each channel that the input is divided by, in the units of the pixels.</summary>
    public required IReadOnlyList<float> Std { get; init; }

    /// <summary>The part of the last features that the network was trained on; null if it was trained on all.</summary>
    public FeatureMapHalf? FixedMask { get; init; }

    /// <summary>The recipe, for information only.</summary>
    public JsonElement? Recipe { get; init; }

    /// <summary>The epoch that the weights are from, counted from 1.</summary>
    public int Epoch { get; init; }

    public TrainingEnd End { get; init; }

    public IReadOnlyList<EpochMetrics> History { get; init; } = [];

    /// <summary>The metrics of an earlier run, if the method trains in two phases.</summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory { get; init; } = [];

    /// <summary>The id in the file of weights that belongs to this manifest; only in folders.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? WeightsId { get; init; }

    /// <summary>The number of training rows skipped because their image was unreadable.</summary>
    public int SkippedImages { get; init; }

    /// <summary>Versions of this library, ML.NET, TorchSharp and .NET.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="InvalidDataException">The text is not a manifest, or has a newer format.</exception>
    public static ModelManifest FromJson(string text)
    {
        try
        {
            ModelManifest manifest =
                JsonSerializer.Deserialize<ModelManifest>(ManifestUpgrade.ToCurrent(JsonNode.Parse(text, documentOptions: Unambiguous)), Json)
                ?? throw new InvalidDataException("The model's manifest is damaged: it is empty.");
            return manifest.Checked();
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"The model's manifest is damaged: {e.Message}", e);
        }
    }

    /// <summary>Serializes a recipe for the manifest.</summary>
    public static JsonElement Describe(TrainingRecipe recipe) => JsonSerializer.SerializeToElement(recipe, Json);

    /// <summary>Lists the parts of a recipe that cannot be serialized in a manifest, and why; empty if there are none.</summary>
    public static IEnumerable<string> Problems(TrainingRecipe recipe)
    {
        (string What, object? Part)[] parts =
        [
            ("head", recipe.Head),
            ("optimizer", recipe.Optimizer),
            ("loss", recipe.Loss),
            ("learning rate schedule", recipe.Schedule),
            .. recipe.Augmentations.Select(part => ("augmentation", (object?)part)),
            .. recipe.Strategies.Select(part => ("strategy", (object?)part)),
        ];
        return from entry in parts
            where entry.Part is not null
            let problem = Problem(entry.Part)
            where problem is not null
            select $"The {entry.What} {entry.Part.GetType()} cannot be saved in the model's manifest, which stores its public properties as JSON. {problem} "
                + "Put [JsonIgnore] on a property that is not a setting, or [JsonConverter] on one that needs a converter.";
    }

    private static string? Problem(object part)
    {
        try
        {
            return JsonSerializer.SerializeToElement(part, part.GetType(), Json).ValueKind == JsonValueKind.Object ? null : "Its JSON is not an object.";
        }
        // A getter in user code may throw any exception.
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private ModelManifest Checked()
    {
        if (FormatVersion > CurrentFormatVersion)
        {
            throw new InvalidDataException(
                $"The model's format version is {FormatVersion}, but this library reads versions up to {CurrentFormatVersion}. Update the library."
            );
        }

        if (Head is not null && SettingsValidator.Problems(Head).FirstOrDefault() is { } problem)
        {
            throw new InvalidDataException($"The model's manifest is damaged: {problem}");
        }

        int channels = Preprocessing.Shape.Channels;
        bool valid =
            FormatVersion >= 1
            && ClassCount is >= 2 and <= MaxClasses
            && (ClassNames is null || (ClassNames.Count == ClassCount && ClassNames.All(name => name is not null)))
            && Preprocessing.Shape.IsInRange
            && Preprocessing.CropRatio is >= ImagePreprocessing.MinCropRatio and <= 1
            && Enum.IsDefined(Preprocessing.Filter)
            && (Exits is null || Exits.All(stride => stride is { Rows: >= 1 and <= StageStride.Max, Columns: >= 1 and <= StageStride.Max }))
            && Enum.IsDefined(TestTimeAugmentation)
            && double.IsFinite(Temperature)
            && Temperature > 0
            && (Origin is not { } origin || Enum.IsDefined(origin))
            && Mean.Count == channels
            && Std.Count == channels
            && Mean.All(float.IsFinite)
            && Std.All(value => float.IsFinite(value) && value >= 0);
        return valid
            ? this
            : throw new InvalidDataException(
                "The model's manifest is damaged: the numbers of classes, channels, means and stds are inconsistent, or a value is out of range."
            );
    }
}
