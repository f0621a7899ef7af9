using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Makes a <see cref="Teacher"/> of saved models.</summary>
/// <param name="train">The training images.</param>
/// <param name="classNames">The names of their classes; null if the label has no names.</param>
/// <param name="device">The training device.</param>
internal sealed class TeacherLoader(ImageSet train, IReadOnlyList<string>? classNames, Device device)
{
    /// <param name="models">The models, what they are called in errors, and their weights, which sum to 1.</param>
    /// <param name="normalization">The statistics that batches are normalized by.</param>
    /// <exception cref="ArgumentException">A model does not fit to the training set; the message says why.</exception>
    public Teacher Load(IReadOnlyList<(SavedModel Model, string Name, double Weight)> models, ChannelStatistics normalization)
    {
        // All are checked before the first network is made.
        int[][] orders = [.. models.Select(entry => Order(entry.Model.Manifest, entry.Name))];
        return new Teacher([.. models.Zip(orders, (entry, order) => Network(entry.Model, order, entry.Weight, normalization))]);
    }

    private TeacherNetwork Network(SavedModel saved, int[] order, double weight, ChannelStatistics normalization)
    {
        ModelManifest manifest = saved.Manifest;
        ImageShape input = manifest.Preprocessing.Shape;
        ImageNetwork network = saved.LoadForScoring(device);
        ChannelStatistics own = new([.. manifest.Mean], [.. manifest.Std]);
        return new TeacherNetwork(network, input, own, normalization, order, weight, device);
    }

    // For each class of the training set, its index in the model's output.
    private int[] Order(ModelManifest manifest, string name)
    {
        if (Problem(manifest) is { } problem)
        {
            throw new ArgumentException($"The teacher '{name}' cannot teach this network: {problem}");
        }

        if (manifest.ClassNames is not { } theirs || classNames is null)
        {
            return [.. Enumerable.Range(0, train.ClassCount)];
        }

        Dictionary<string, int> index = theirs.Select((theirName, i) => (theirName, i)).ToDictionary(StringComparer.Ordinal);
        return classNames.FirstOrDefault(own => !index.ContainsKey(own)) is { } missing
            ? throw new ArgumentException(
                $"The teacher '{name}' cannot teach this network: it has no class '{missing}'. Its classes are {string.Join(", ", theirs.Take(8))}"
                    + $"{(theirs.Count > 8 ? ", ..." : "")}. Use a teacher that was trained on the same classes."
            )
            : [.. classNames.Select(own => index[own])];
    }

    private string? Problem(ModelManifest manifest) =>
        manifest.IsMultilabel ? "it is a multi-label model."
        : manifest.ClassCount != train.ClassCount ? $"it has {manifest.ClassCount} classes, the training set has {train.ClassCount}."
        : manifest.Element != train.Element ? "one takes images, the other planar floats."
        : manifest.Preprocessing.Shape.Channels != train.Shape.Channels
            ? $"it takes images with {manifest.Preprocessing.Shape.Channels} channels, the training images have {train.Shape.Channels}."
        : null;
}
