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

/// <summary>What a trained network says of itself.</summary>
public sealed class ImageClassificationModel
{
    internal ImageClassificationModel(ModelArtifact artifact)
    {
        Artifact = artifact;
    }

    /// <summary>The network, a key of <see cref="BackboneCatalog"/>.</summary>
    public string Backbone => Artifact.Manifest.Backbone;

    /// <summary>What turns its last stage's features into scores, one of <see cref="HeadCatalog"/>; null is the head that the backbone's family comes with.</summary>
    public Head? Head => Artifact.Manifest.Head;

    /// <summary>Whether an image may have any number of the classes, each with a probability of its own.</summary>
    public bool IsMultilabel => Artifact.Manifest.IsMultilabel;

    /// <summary>How many classes it tells apart.</summary>
    public int ClassCount => Artifact.Manifest.ClassCount;

    /// <summary>Its learned numbers, head included; running statistics of BatchNorm are none.</summary>
    public long ParameterCount => Artifact.ParameterCount;

    /// <summary>How many classifiers share its features, the average of which it scores (Split-and-Share); 1 under any other head.</summary>
    public int ClassifierCount => Head is SplitAndShareHead { Only: null, Splits: int splits } ? splits : 1;

    /// <summary>The classes in the order of the scores; null where the label had no names.</summary>
    public IReadOnlyList<string>? ClassNames => Artifact.Manifest.ClassNames;

    /// <summary>The images that it sees.</summary>
    public ImageShape Input => Artifact.Manifest.Preprocessing.Shape;

    /// <summary>Which views of a picture it scores.</summary>
    public TestTimeAugmentation TestTimeAugmentation => Artifact.Manifest.TestTimeAugmentation;

    /// <summary>The epoch, from 1, whose weights these are.</summary>
    public int Epoch => Artifact.Manifest.Epoch;

    /// <summary>Why its training ended.</summary>
    public TrainingEnd End => Artifact.Manifest.End;

    /// <summary>Each epoch of its training.</summary>
    public IReadOnlyList<EpochMetrics> History => Artifact.Manifest.History;

    /// <summary>Each epoch of a training before that one, where the method takes two: on patches, or of the network whose classifier gave the hierarchy of classes.</summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory => Artifact.Manifest.EarlierHistory;

    /// <summary>What it was trained with, for people to read: network, strategies, loss, augmentation, optimizer, schedule and seed. Null where the model does not tell.</summary>
    public JsonElement? Recipe => Artifact.Manifest.Recipe;

    /// <summary>Training rows that were left out because their picture could not be read (<see cref="UnreadableImageBehavior.Skip"/>).</summary>
    public int SkippedImages => Artifact.Manifest.SkippedImages;

    /// <summary>The hierarchy of classes that its classifier holds (Wan et al. 2020), for tree supervision of another training.</summary>
    /// <exception cref="InvalidOperationException">The head has not exactly one layer of one row a class.</exception>
    public ClassHierarchy InduceHierarchy() => HierarchyInduction.Of(Artifact.Weights, ClassCount);

    internal ModelArtifact Artifact { get; }
}

/// <summary>The versions that a model was made with, for its manifest.</summary>
internal static class LibraryVersions
{
    public static IReadOnlyDictionary<string, string> All { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal)
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
