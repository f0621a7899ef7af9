using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Saved models to learn from, and how tiny runs load them.</summary>
internal static class TinyTeacher
{
    private static readonly Lazy<string> Saved = new(() =>
    {
        TemporaryFolder folder = new();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        Save(folder.Path, Manifest(new ImageShape(1, 8, 8), classes: 2));
        return folder.Path;
    });

    /// <summary>The folder of a model for the images of <see cref="TinyData.Bands"/> with two classes.</summary>
    public static string Folder => Saved.Value;

    public static ModelManifest Manifest(ImageShape input, int classes, string backbone = "cifar-resnet-8") =>
        new()
        {
            Backbone = backbone,
            ClassCount = classes,
            Preprocessing = new ImagePreprocessing { Shape = input },
            Mean = [.. Enumerable.Repeat(100f, input.Channels)],
            Std = [.. Enumerable.Repeat(50f, input.Channels)],
        };

    /// <summary>Saves a network with random weights.</summary>
    public static void Save(string folder, ModelManifest manifest, long seed = 3)
    {
        using ImageNetwork network = NetworkFactory.Create(
            manifest.Backbone,
            manifest.Preprocessing.Shape.Channels,
            manifest.ClassCount,
            manifest.Head,
            manifest.Exits,
            seed
        );
        new SavedModel(manifest, NamedTensors.Of(network)).SaveFolder(folder);
    }

    /// <summary>Loads teachers for a training set without class names, unless they are given.</summary>
    public static Func<IReadOnlyList<string>, ChannelStatistics, Teacher> Loader(ImageSet train, IReadOnlyList<string>? classNames = null) =>
        (paths, normalization) => new TeacherLoader(train, classNames, CPU).Load(TeacherFiles.Read(paths), normalization);
}
