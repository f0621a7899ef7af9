using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>What a saved model says of itself, in JSON. All that scoring needs is in the first half; the rest is the record of the training.</summary>
internal sealed record ArtifactManifest
{
    public const int CurrentFormatVersion = 2;

    // A manifest may lie, and a network for its number of classes is made before its weights are read.
    private const int MaxClasses = 1_000_000;

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        WriteIndented = true,
        MaxDepth = 32,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        RespectNullableAnnotations = true,
    };

    public int FormatVersion { get; init; } = CurrentFormatVersion;

    public required string Backbone { get; init; }

    /// <summary>null is the head that the backbone's family comes with.</summary>
    public Head? Head { get; init; }

    /// <summary>How the network's exits bridge its stages (<see cref="ImageNetwork.AddExits"/>); null where it has none.</summary>
    public IReadOnlyList<StageStride>? Exits { get; init; }

    /// <summary>Whether an image may have any number of the classes, each with a probability of its own.</summary>
    public bool IsMultilabel { get; init; }

    public required int ClassCount { get; init; }

    /// <summary>The classes' names in the order of the logits; null where the label had none.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>As in training: its shape is that of the network's input.</summary>
    public required ImagePreprocessing Preprocessing { get; init; }

    /// <summary>Which views of a picture are scored.</summary>
    public TestTimeAugmentation TestTimeAugmentation { get; init; }

    /// <summary>What turns a picture into that from which the views are cut.</summary>
    [JsonIgnore]
    public ImagePreprocessing ScoringPreprocessing => TestTimeViews.Source(TestTimeAugmentation, Preprocessing);

    /// <summary>How the source gives pixels: bytes, or floats as they are.</summary>
    public PixelType Element { get; init; }

    /// <summary>Of the training images, a channel, in the units of the pixels.</summary>
    public required IReadOnlyList<float> Mean { get; init; }

    /// <summary>Of the training images, a channel, in the units of the pixels.</summary>
    public required IReadOnlyList<float> Std { get; init; }

    /// <summary>The part of the last features that the network was trained on; null if it was trained on all.</summary>
    public FeatureMapHalf? FixedMask { get; init; }

    /// <summary>The recipe, for people to read.</summary>
    public JsonElement? Recipe { get; init; }

    /// <summary>The epoch, from 1, whose weights these are.</summary>
    public int Epoch { get; init; }

    public TrainingEnd End { get; init; }

    public IReadOnlyList<EpochMetrics> History { get; init; } = [];

    /// <summary>Of a run before this one, where the method takes two.</summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory { get; init; } = [];

    /// <summary>Training rows that were left out because their picture could not be read.</summary>
    public int SkippedImages { get; init; }

    /// <summary>Versions of this library, ML.NET, TorchSharp and .NET.</summary>
    public IReadOnlyDictionary<string, string> Versions { get; init; } = new Dictionary<string, string>();

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <exception cref="InvalidDataException">The text is no manifest, or one of a newer format.</exception>
    public static ArtifactManifest FromJson(string text)
    {
        try
        {
            ArtifactManifest manifest = JsonSerializer.Deserialize<ArtifactManifest>(ManifestUpgrade.ToCurrent(JsonNode.Parse(text)), Json) ?? throw new InvalidDataException("The model's manifest is empty.");
            return manifest.Checked();
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"The model's manifest is damaged: {e.Message}", e);
        }
    }

    /// <summary>A recipe as the manifest keeps it.</summary>
    public static JsonElement Describe(TrainingRecipe recipe) => JsonSerializer.SerializeToElement(recipe, Json);

    /// <summary>The parts of a recipe that a manifest cannot describe, and why; empty where it can.</summary>
    public static IEnumerable<string> Problems(TrainingRecipe recipe)
    {
        (string What, object? Part)[] parts =
        [
            ("head", recipe.Head), ("optimizer", recipe.Optimizer), ("loss", recipe.Loss), ("learning rate schedule", recipe.Schedule),
            .. recipe.Augmentations.Select(part => ("augmentation", (object?)part)), .. recipe.Strategies.Select(part => ("strategy", (object?)part)),
        ];
        return from entry in parts
               where entry.Part is not null
               let problem = Problem(entry.Part)
               where problem is not null
               select $"The {entry.What} {entry.Part.GetType()} cannot be described in the model's manifest, which keeps its public properties as its settings. {problem} "
                   + "Put [JsonIgnore] on a property that is no setting, or [JsonConverter] on one that needs a form of its own.";
    }

    private static string? Problem(object part)
    {
        try
        {
            return JsonSerializer.SerializeToElement(part, part.GetType(), Json).ValueKind == JsonValueKind.Object ? null : "Its JSON is no object.";
        }
        // A property of the user's own may throw anything.
        catch (Exception e)
        {
            return e.Message;
        }
    }

    private ArtifactManifest Checked()
    {
        if (FormatVersion > CurrentFormatVersion)
        {
            throw new InvalidDataException($"The model's format is version {FormatVersion}; this library reads up to {CurrentFormatVersion}. A newer version of it is needed.");
        }

        int channels = Preprocessing.Shape.Channels;
        bool sound = FormatVersion >= 1 && ClassCount is >= 2 and <= MaxClasses && (ClassNames is null || (ClassNames.Count == ClassCount && ClassNames.All(name => name is not null)))
            && channels is >= 1 and <= 1024 && Preprocessing.Shape is { Height: >= 1 and <= 65536, Width: >= 1 and <= 65536 } && Preprocessing.CropRatio is >= ImagePreprocessing.MinCropRatio and <= 1
            && (Exits is null || Exits.All(stride => stride is { Rows: >= 1 and <= StageStride.Max, Columns: >= 1 and <= StageStride.Max }))
            && Enum.IsDefined(TestTimeAugmentation) && Mean.Count == channels && Std.Count == channels
            && Mean.All(float.IsFinite) && Std.All(value => float.IsFinite(value) && value >= 0);
        return sound ? this : throw new InvalidDataException("The model's manifest contradicts itself: classes, channels and their statistics must agree in number, and what it names must be there.");
    }
}
