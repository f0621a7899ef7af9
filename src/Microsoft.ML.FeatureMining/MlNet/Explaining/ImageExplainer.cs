using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Explaining;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>Shows where a trained network finds a class: class activation maps, Grad-CAM, activations. Made by <c>mlContext.Model.CreateImageExplainer</c>.</summary>
/// <remarks>Holds a network of its own, with its gradients, until it is disposed. For one thread at a time.</remarks>
public sealed class ImageExplainer : IDisposable
{
    private readonly ImageClassificationTransformer[] _networks;
    private readonly ModelExplainer _explainer;

    internal ImageExplainer(IHostEnvironment environment, IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks)
    {
        _networks = [.. networks.Select(entry => entry.Network)];
        _explainer = new ModelExplainer([.. _networks.Select(network => new NetworkExplainer(network.Model.Artifact, ComputeDevice.Of(environment)))], [.. networks.Select(entry => entry.Share)]);
        ClassNames = _networks[0].Keys.Names;
        TrainedPart = _networks.Length == 1 ? MlNet.Explaining.TrainedPart.Of(_networks[0].Model.Artifact.Manifest) : null;
    }

    /// <summary>The classes in the order of the scores; their numbers from 0 where the label had no names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How many stages the network has, each with a Grad-CAM of its own; of an ensemble, those of all its networks.</summary>
    public int StageCount => _explainer.Networks.Sum(network => network.StageCount);

    /// <summary>Which part of its last features the network was trained on, 1 for that part and 0 for the rest (<see cref="Strategies.FixedMask"/>); null where it was trained on all, and for an ensemble.</summary>
    public HeatMap? TrainedPart { get; }

    /// <summary>Explains one picture.</summary>
    /// <param name="encoded">A picture file, as LoadRawImageBytes gives it.</param>
    /// <param name="target">The class, from 0, to look for; null for the most probable.</param>
    /// <exception cref="NotSupportedException">The network was trained on planar floats.</exception>
    /// <exception cref="Data.ImageDecodeException">The bytes are no picture that can be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public ImageExplanation Explain(ReadOnlySpan<byte> encoded, int? target = null)
    {
        if (_networks[0].Model.Artifact.Manifest.Element != Data.PixelType.Byte)
            throw new NotSupportedException("The network was trained on planar floats; explain rows of them.");
        var pixels = new byte[_networks.Length][];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = _networks[i].Model.Artifact.Manifest.Preprocessing.Apply(encoded, _networks[0].Settings.MaxPixels);
        return _explainer.Explain(pixels, target);
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
        return PictureRows.Spread(rows, _networks, images).Select(picture => (picture.Row, picture.File, _explainer.Explain(picture.Pixels, target)));
    }

    /// <summary>How strongly each stage responds to some rows, spread evenly over all (Xie et al. 2021, arXiv version, figure 4).</summary>
    /// <param name="rows">With the model's image column, or with files named by a text column ImagePath.</param>
    /// <param name="images">How many rows at most; the paper has 64. Those whose picture cannot be read are left out.</param>
    /// <returns>A stage after the other; of an ensemble, a network after the other.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or no image is asked for.</exception>
    public IReadOnlyList<StageActivations> Activations(IDataView rows, int images = 64)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(images);
        return [.. ActivationsOfEach(rows, images).SelectMany(stages => stages)];
    }

    /// <summary>Frees the networks' memory.</summary>
    public void Dispose() => _explainer.Dispose();

    internal IReadOnlyList<ImageClassificationTransformer> Networks => _networks;

    internal ModelExplainer Explainer => _explainer;

    /// <summary>The same, the stages of each network by themselves.</summary>
    internal IReadOnlyList<IReadOnlyList<StageActivations>> ActivationsOfEach(IDataView rows, int images) =>
        [.. _explainer.Networks.Select((network, i) => network.Activations(PictureRows.Spread(rows, [_networks[i]], images).Select(picture => picture.Pixels[0])))];
}
