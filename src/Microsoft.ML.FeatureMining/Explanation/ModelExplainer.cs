using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Explains the predictions of one network or an ensemble. Owns the networks.</summary>
/// <param name="networks">At least one.</param>
/// <param name="shares">The weight of each network in the score; they sum to 1.</param>
internal sealed class ModelExplainer(IReadOnlyList<NetworkExplainer> networks, IReadOnlyList<double> shares) : IDisposable
{
    public IReadOnlyList<NetworkExplainer> Networks => networks;

    public IReadOnlyList<double> Shares => shares;

    /// <param name="pixels">The input image of each network.</param>
    /// <param name="target">The class, from 0; null for the ensemble's most probable class.</param>
    /// <param name="views">What each network sees of the image, at the image's own resolution; null to show the input.</param>
    public ImageExplanation Explain(IReadOnlyList<byte[]> pixels, int? target, IReadOnlyList<DecodedImage?>? views = null)
    {
        ImageExplanation[] alone = [.. networks.Select((network, i) => network.Explain(pixels[i], target, views?[i]))];
        if (alone.Length == 1)
        {
            return alone[0];
        }

        float[] probabilities =
        [
            .. Enumerable
                .Range(0, alone[0].Probabilities.Count)
                .Select(k => (float)alone.Zip(shares, (member, share) => share * member.Probabilities[k]).Sum()),
        ];
        int index = target ?? probabilities.AsSpan().IndexOf(probabilities.Max());
        return new ImageExplanation(
            probabilities,
            index,
            [.. alone.Select((member, i) => member.Class == index ? member : networks[i].Explain(pixels[i], index, views?[i]))],
            shares
        );
    }

    public void Dispose()
    {
        foreach (NetworkExplainer network in networks)
        {
            network.Dispose();
        }
    }
}

/// <summary>A saved model that can compute gradients: BatchNorm in evaluation mode, not folded. Holds native memory until disposed. Not thread-safe.</summary>
internal sealed class NetworkExplainer : IDisposable
{
    private readonly ImageNetwork _network;
    private readonly Normalization _normalization;
    private readonly ModelManifest _manifest;
    private readonly Device _device;

    public NetworkExplainer(SavedModel saved, Device device)
    {
        (_manifest, _device) = (saved.Manifest, device);
        using TorchScope scope = new(gradients: true);
        _network = saved.LoadNetwork();
        _network.to(device);
        ModuleScope.DetachFromDisposeScope(_network);
        _network.eval();
        foreach (Parameter parameter in _network.parameters())
        {
            parameter.requires_grad = false;
        }

        _normalization = new Normalization(_manifest.Mean, _manifest.Std, device);
    }

    public int StageCount => _network.Backbone.StageChannels.Count;

    /// <param name="pixels">One input image of the model, [C,H,W], bytes or floats.</param>
    /// <param name="target">The class, from 0; null for the most probable.</param>
    /// <param name="view">What the network sees of the image, at the image's own resolution; null to show the input.</param>
    public ImageExplanation Explain(ReadOnlySpan<byte> pixels, int? target, DecodedImage? view = null)
    {
        if (target is { } index)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index, nameof(target));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _manifest.ClassCount, nameof(target));
        }

        using TorchScope scope = new(gradients: true);
        Tensor raw = DeviceBatches.Upload(pixels, 1, _manifest.Preprocessing.Shape, _manifest.Element, _device);
        ImageExplanation explanation = new(
            NetworkMaps.Of(_network, _normalization.Apply(raw), target, _manifest.IsMultilabel, _manifest.Temperature),
            view ?? InputPreview.Of(pixels, _manifest.Preprocessing.Shape, _manifest.Element)
        );
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

/// <summary>All maps of one image and one class, from one forward and one backward pass.</summary>
/// <param name="Probabilities">The probabilities of all classes, [K].</param>
/// <param name="Class">The class k of the maps.</param>
/// <param name="ClassMap">CAM; null if the logits are not linear in the mean of the features.</param>
/// <param name="StageMaps">Grad-CAM of each stage, first to last.</param>
/// <param name="SplitMaps">
/// With a Split-and-Share head, Grad-CAM of each split's channels with respect to the classifier that ends with this split (Lee et al. 2021, figure 2).
/// </param>
internal sealed record NetworkMaps(float[] Probabilities, int Class, HeatMap? ClassMap, IReadOnlyList<HeatMap> StageMaps, IReadOnlyList<HeatMap> SplitMaps)
{
    /// <param name="network">In evaluation mode, BatchNorm not folded.</param>
    /// <param name="image">Normalized, [1,C,H,W].</param>
    /// <param name="target">The class; null for the most probable.</param>
    /// <param name="multilabel">Whether each class has its own sigmoid probability.</param>
    /// <param name="temperature">The logits are divided by it for the probabilities.</param>
    public static NetworkMaps Of(ImageNetwork network, Tensor image, int? target, bool multilabel = false, double temperature = 1)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor[] stages = Stages(network.Backbone, image);
        Tensor logits = network.Classify(stages); // [1,K]
        Tensor scaled = temperature == 1 ? logits.detach() : logits.detach().Div(temperature);
        float[] probabilities = (multilabel ? sigmoid(scaled) : scaled.softmax(1)).cpu().to(ScalarType.Float32).data<float>().ToArray();
        int index = target ?? probabilities.AsSpan().IndexOf(probabilities.Max());
        Tensor[] gradients = Gradients(logits[0, index], stages);
        return new NetworkMaps(
            probabilities,
            index,
            network.Exits.Count == 0 && network.Head.ClassWeights() is { } weights ? ActivationMap.Cam(stages[^1], weights[index]) : null,
            [.. stages.Zip(gradients, ActivationMap.GradCam)],
            network.Head is SplitAndShareHeadModule head ? [.. Splits(head, stages[^1], index)] : []
        );
    }

    /// <summary>
    /// The output of each stage. The image requires a gradient, so that the stages are part of the autograd graph even if all parameters are frozen.
    /// </summary>
    public static Tensor[] Stages(Backbone backbone, Tensor image)
    {
        Tensor features = image.detach();
        features.requires_grad = true;
        return [.. backbone.LastStages(features, backbone.StageChannels.Count)];
    }

    // TorchSharp's autograd.grad ends the process on any error, such as features that the score does not depend on; their gradient is 0.
    private static Tensor[] Gradients(Tensor score, Tensor[] features)
    {
        foreach (Tensor each in features.Where(each => each.requires_grad))
        {
            each.retain_grad();
            each.grad?.zero_();
        }

        if (score.requires_grad)
        {
            score.backward(retain_graph: true);
        }

        return [.. features.Select(each => each.grad?.clone() ?? zeros_like(each))];
    }

    private static IEnumerable<HeatMap> Splits(SplitAndShareHeadModule head, Tensor features, int index)
    {
        int start = 0;
        foreach ((Tensor logits, int end) in head.Classifiers(head.Embed([features])))
        {
            Tensor gradient = Gradients(logits[0, index], [features])[0];
            yield return ActivationMap.GradCam(features.narrow(1, start, end - start), gradient.narrow(1, start, end - start));
            start = end;
        }
    }
}

/// <summary>Collects statistics of the features of one stage, image by image.</summary>
internal sealed class ActivationCounter(int stage)
{
    private readonly long[] _counts = new long[StageActivations.Bins];
    private long _features;
    private double _sum;
    private int _images;

    public void Add(ReadOnlySpan<float> features)
    {
        _images++;
        _features += features.Length;
        foreach (float value in features)
        {
            _sum += value;
            if (value > StageActivations.Threshold)
            {
                double bin = Math.Ceiling((value - StageActivations.Threshold) / StageActivations.BinWidth) - 1;
                _counts[(int)Math.Min(bin, StageActivations.Bins - 1)]++;
            }
        }
    }

    public StageActivations Read() =>
        new(
            stage,
            _images,
            _features == 0 ? 0 : _sum / _features,
            _features == 0 ? 0 : (double)_counts.Sum() / _features,
            [.. _counts.Select(count => _images == 0 ? 0 : (double)count / _images)]
        );
}

/// <summary>
/// How strongly a stage responds to some images (Xie et al. 2021, arXiv version, figure 4): a histogram of its features that are larger than 0.5.
/// </summary>
/// <param name="Stage">The stage, from 0.</param>
/// <param name="Images">The number of images.</param>
/// <param name="Mean">The mean of all features.</param>
/// <param name="ActiveFraction">The fraction of features larger than <see cref="Threshold"/>, in [0, 1].</param>
/// <param name="Counts">For each bin, the mean number of features per image. The last bin also counts all larger features.</param>
public sealed record StageActivations(int Stage, int Images, double Mean, double ActiveFraction, IReadOnlyList<double> Counts)
{
    /// <summary>Features up to this value are not counted, as in the paper.</summary>
    public const double Threshold = 0.5;

    /// <summary>The width of a bin: bin i holds the features in (0.5 + 0.25 i, 0.75 + 0.25 i].</summary>
    public const double BinWidth = 0.25;

    internal const int Bins = 24;
}

/// <summary>Converts an input of a network to an image that can be shown.</summary>
internal static class InputPreview
{
    /// <summary>RGB. If there are not three channels, the first one is shown as gray. Floats are scaled from their minimum and maximum to 0 and 255.</summary>
    public static DecodedImage Of(ReadOnlySpan<byte> pixels, ImageShape shape, PixelType element)
    {
        byte[] planar = element == PixelType.Byte ? pixels[..shape.Length].ToArray() : ToBytes(MemoryMarshal.Cast<byte, float>(pixels)[..shape.Length]);
        int plane = shape.Height * shape.Width;
        int shown = shape.Channels == 3 ? 3 : 1;
        byte[] seen = new byte[3 * plane];
        PlanarLayout.Join(planar.AsSpan(0, shown * plane), shown, seen);
        return new DecodedImage(shape.Width, shape.Height, 3, seen);
    }

    private static byte[] ToBytes(ReadOnlySpan<float> values)
    {
        (float least, float largest) = (float.MaxValue, float.MinValue);
        foreach (float value in values)
        {
            (least, largest) = (Math.Min(least, value), Math.Max(largest, value));
        }

        float scale = largest > least ? byte.MaxValue / (largest - least) : 0;
        byte[] bytes = new byte[values.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Math.Round((values[i] - least) * scale);
        }

        return bytes;
    }
}
