using System.Reflection;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;

namespace Microsoft.ML.FeatureMining;

/// <summary>Describes a trained network: architecture, classes and training history.</summary>
public sealed class ImageClassificationModel
{
    internal ImageClassificationModel(SavedModel saved)
    {
        Saved = saved;
    }

    /// <summary>The network, a key of <see cref="BackboneCatalog"/>.</summary>
    public string Backbone => Saved.Manifest.Backbone;

    /// <summary>
    /// The head, which computes scores from the features of the last stages (see <see cref="HeadCatalog"/>); null for the default head of the backbone's
    /// family.
    /// </summary>
    public Head? Head => Saved.Manifest.Head;

    /// <summary>Whether the model is multi-label: an image may have any number of classes, each with its own probability.</summary>
    public bool IsMultilabel => Saved.Manifest.IsMultilabel;

    /// <summary>The number of classes.</summary>
    public int ClassCount => Saved.Manifest.ClassCount;

    /// <summary>The number of parameters, including the head and excluding BatchNorm's running statistics.</summary>
    public long ParameterCount => Saved.ParameterCount;

    /// <summary>The number of classifiers of a Split-and-Share head, whose average is the score; 1 for any other head.</summary>
    public int ClassifierCount => Head is SplitAndShareHead { Only: null, Splits: int splits } ? splits : 1;

    /// <summary>The class names in the order of the scores; null if the label had no names.</summary>
    public IReadOnlyList<string>? ClassNames => Saved.Manifest.ClassNames;

    /// <summary>The shape of the network's input.</summary>
    public ImageShape Input => Saved.Manifest.Preprocessing.Shape;

    /// <summary>The test-time augmentation: the views of an image that are scored and averaged.</summary>
    public TestTimeAugmentation TestTimeAugmentation => Saved.Manifest.TestTimeAugmentation;

    /// <summary>
    /// The temperature T of the scores, softmax(logits / T) or sigmoid(logits / T), as <see cref="ModelOperationsExtensions.Calibrate"/> fitted it; 1 if the
    /// model is not calibrated.
    /// </summary>
    public double Temperature => Saved.Manifest.Temperature;

    /// <summary>The epoch that the weights are from, counted from 1.</summary>
    public int Epoch => Saved.Manifest.Epoch;

    /// <summary>Why the training ended.</summary>
    public TrainingEnd End => Saved.Manifest.End;

    /// <summary>The metrics of each epoch of the training.</summary>
    public IReadOnlyList<EpochMetrics> History => Saved.Manifest.History;

    /// <summary>
    /// The metrics of an earlier training phase, if the method has two: epochs on patches, or the network that the class hierarchy was induced from.
    /// </summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory => Saved.Manifest.EarlierHistory;

    /// <summary>
    /// The training recipe, for people to read: network, strategies, loss, augmentation, optimizer, schedule and seed. Null if the model file has none.
    /// </summary>
    public JsonElement? Recipe => Saved.Manifest.Recipe;

    /// <summary>The number of training rows skipped because their image was unreadable (<see cref="UnreadableImageBehavior.Skip"/>).</summary>
    public int SkippedImages => Saved.Manifest.SkippedImages;

    /// <summary>Induces a class hierarchy from the weights of the classifier (Wan et al. 2020), for tree supervision of another training.</summary>
    /// <exception cref="InvalidOperationException">The head does not have exactly one layer with one row per class.</exception>
    public ClassHierarchy InduceHierarchy() => HierarchyInduction.Of(Saved.Weights, ClassCount);

    internal SavedModel Saved { get; }
}

/// <summary>The library versions that a model was trained with, for its manifest.</summary>
internal static class LibraryVersions
{
    public static IReadOnlyDictionary<string, string> All { get; } =
        new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [".NET"] = Environment.Version.ToString(),
            ["Microsoft.ML"] = Of(typeof(MLContext)),
            ["Microsoft.ML.FeatureMining"] = Of(typeof(LibraryVersions)),
            ["TorchSharp"] = Of(typeof(torch)),
            ["libtorch"] = torch.__version__,
        };

    private static string Of(Type type) =>
        type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? type.Assembly.GetName().Version!.ToString();
}
