using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>A saved model with its gradients: BatchNorm at rest but not folded. Holds native memory until disposed; for one thread at a time.</summary>
internal sealed class NetworkExplainer : IDisposable
{
    private readonly ImageNetwork _network;
    private readonly Normalization _normalization;
    private readonly ArtifactManifest _manifest;
    private readonly Device _device;

    public NetworkExplainer(ModelArtifact artifact, Device device)
    {
        (_manifest, _device) = (artifact.Manifest, device);
        using TorchScope scope = new(gradients: true);
        _network = NetworkFactory.Create(_manifest.Backbone, _manifest.Preprocessing.Shape.Channels, _manifest.ClassCount, _manifest.Head, _manifest.Exits);
        artifact.Weights.CopyTo(_network);
        _network.to(device);
        ModuleScope.Keep(_network);
        _network.eval();
        foreach (Parameter parameter in _network.parameters())
        {
            parameter.requires_grad = false;
        }

        _normalization = new Normalization(_manifest.Mean, _manifest.Deviation, device);
    }

    public int StageCount => _network.Backbone.StageChannels.Count;

    /// <param name="pixels">One image as the model takes it, [C,H,W], bytes or floats.</param>
    /// <param name="target">The class, from 0; null for the most probable.</param>
    public ImageExplanation Explain(ReadOnlySpan<byte> pixels, int? target)
    {
        if (target is { } index)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(target));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _manifest.ClassCount, nameof(target));
        }

        using TorchScope scope = new(gradients: true);
        Tensor raw = DeviceBatches.Upload(pixels, 1, _manifest.Preprocessing.Shape, _manifest.Element, _device);
        ImageExplanation explanation = new(NetworkMaps.Of(_network, _normalization.Apply(raw), target, _manifest.IsMultilabel), SeenPicture.Of(pixels, _manifest.Preprocessing.Shape, _manifest.Element));
        // If this is the last use of an explainer that is not disposed, its weights could be finalized while the network computes.
        GC.KeepAlive(this);
        return explanation;
    }

    /// <summary>How strongly each stage responds to some images.</summary>
    public IReadOnlyList<StageActivations> Activations(IEnumerable<byte[]> images)
    {
        ActivationCounter[] counters = [.. Enumerable.Range(0, StageCount).Select(stage => new ActivationCounter(stage))];
        foreach (byte[] pixels in images)
        {
            using TorchScope scope = new(gradients: false);
            Tensor raw = DeviceBatches.Upload(pixels, 1, _manifest.Preprocessing.Shape, _manifest.Element, _device);
            Tensor features = _network.Backbone.Stem(_normalization.Apply(raw));
            foreach ((int stage, ActivationCounter counter) in counters.Index())
            {
                features = _network.Backbone.Stage(stage, features);
                counter.Add(features.cpu().contiguous().data<float>().ToArray());
            }
        }

        return [.. counters.Select(counter => counter.Read())];
    }

    public void Dispose()
    {
        _network.Dispose();
        _normalization.Dispose();
    }
}
