using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Explaining;
using Microsoft.ML.FeatureMining.MlNet.Labels;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>Shows where a trained network finds a class: class activation maps, Grad-CAM, activations. Made by <c>mlContext.Model.CreateImageExplainer</c>.</summary>
/// <remarks>Holds a network of its own, with its gradients, until it is disposed. For one thread at a time.</remarks>
public sealed class ImageExplainer : IDisposable
{
    private readonly ImageClassificationTransformer _classifier;
    private readonly NetworkExplainer _network;

    internal ImageExplainer(IHostEnvironment environment, ImageClassificationTransformer classifier)
    {
        _classifier = classifier;
        _network = new NetworkExplainer(classifier.Model.Artifact, ComputeDevice.Of(environment));
        ClassNames = ClassKeys.Of(classifier.Model.Artifact.Manifest, classifier.Settings.KeyValues).Names;
        TrainedPart = MlNet.Explaining.TrainedPart.Of(classifier.Model.Artifact.Manifest);
    }

    /// <summary>The classes in the order of the scores; their numbers from 0 where the label had no names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How many stages the network has, each with a Grad-CAM of its own.</summary>
    public int StageCount => _network.StageCount;

    /// <summary>Which part of its last features the network was trained on, 1 for that part and 0 for the rest (<see cref="Strategies.FixedMask"/>); null where it was trained on all.</summary>
    public HeatMap? TrainedPart { get; }

    /// <summary>Explains one picture.</summary>
    /// <param name="encoded">A picture file, as LoadRawImageBytes gives it.</param>
    /// <param name="target">The class, from 0, to look for; null for the most probable.</param>
    /// <exception cref="NotSupportedException">The network was trained on planar floats.</exception>
    /// <exception cref="Data.ImageDecodeException">The bytes are no picture that can be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public ImageExplanation Explain(ReadOnlySpan<byte> encoded, int? target = null)
    {
        if (_classifier.Model.Artifact.Manifest.Element != Data.PixelType.Byte)
            throw new NotSupportedException("The network was trained on planar floats; explain rows of them.");
        return _network.Explain(_classifier.Model.Artifact.Manifest.Preprocessing.Apply(encoded, _classifier.Settings.MaxPixels), target);
    }

    /// <summary>Explains rows, spread evenly over all, as they are asked for. Those whose picture cannot be read are left out.</summary>
    /// <param name="rows">With the model's image column, or with files named by a text column ImagePath.</param>
    /// <param name="images">How many rows at most; null for all.</param>
    /// <param name="target">The class, from 0, to look for; null for the most probable of each.</param>
    /// <returns>The row, from 0, its file where it names one, and its explanation.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column or class.</exception>
    public IEnumerable<(long Row, string? File, ImageExplanation Explanation)> Explain(IDataView rows, int? images = null, int? target = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return PictureRows.Spread(rows, _classifier, images).Select(picture => (picture.Row, picture.File, _network.Explain(picture.Pixels, target)));
    }

    /// <summary>How strongly each stage responds to some rows, spread evenly over all (Xie et al. 2021, arXiv version, figure 4).</summary>
    /// <param name="rows">With the model's image column, or with files named by a text column ImagePath.</param>
    /// <param name="images">How many rows at most; the paper has 64. Those whose picture cannot be read are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or no image is asked for.</exception>
    public IReadOnlyList<StageActivations> Activations(IDataView rows, int images = 64)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(images);
        return _network.Activations(PictureRows.Spread(rows, _classifier, images).Select(picture => picture.Pixels));
    }

    /// <summary>Frees the network's memory.</summary>
    public void Dispose() => _network.Dispose();

    internal NetworkExplainer Network => _network;
}
