using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Scores images with a model: folds BatchNorm, uses channels_last (NHWC), divides by the temperature, applies softmax (or sigmoid per class for multi-label),
/// and averages the views of test-time augmentation. Thread-safe: the network is in evaluation mode and never changed. Holds native memory until disposed.
/// </summary>
internal sealed class ImageScorer : IImageScorer, IDisposable
{
    private readonly ImageNetwork _network;
    private readonly NetworkInput _input;
    private readonly TestTimeAugmentation _views;
    private readonly ImageShape _view;
    private readonly double _temperature;
    private readonly Lifetime _lifetime;

    public ImageScorer(SavedModel saved, Device device)
    {
        NativeHeap.KeepFreed();
        using TorchScope scope = new(gradients: false);
        ModelManifest manifest = saved.Manifest;
        (Preprocessing, Element, ClassCount, IsMultilabel) = (manifest.ScoringPreprocessing, manifest.Element, manifest.ClassCount, manifest.IsMultilabel);
        (_views, _view, Origin) = (manifest.TestTimeAugmentation, manifest.Preprocessing.Shape, manifest.Origin);
        _temperature = manifest.Temperature;
        _network = saved.LoadForScoring(device);
        _input = new NetworkInput(Input, Element, new ChannelStatistics([.. manifest.Mean], [.. manifest.Std]), device);
        _lifetime = new Lifetime(nameof(ImageScorer), Release);
    }

    public ImagePreprocessing Preprocessing { get; }

    /// <summary>The shape of a preprocessed image.</summary>
    public ImageShape Input => Preprocessing.Shape;

    public PixelType Element { get; }

    public ImageOrigin? Origin { get; }

    public bool IsMultilabel { get; }

    public int ClassCount { get; }

    /// <summary>The number of views V of an image whose probabilities are averaged.</summary>
    public int ViewCount => TestTimeViews.Count(_views);

    public void Score(ReadOnlySpan<byte> pixels, int count, Span<float> probabilities) =>
        Run(
            pixels,
            count,
            probabilities,
            logits => IsMultilabel ? sigmoid(logits) : nn.functional.softmax(logits, 1),
            views => views.Length == 1 ? views[0] : stack(views).mean(new long[] { 0 })
        );

    /// <summary>Computes the logits of each view, divided by the model's temperature.</summary>
    /// <param name="pixels">The pixels of at least <paramref name="count"/> images, [count,C,H,W].</param>
    /// <param name="count">The number of images.</param>
    /// <param name="logits">Receives [count,V,K].</param>
    /// <exception cref="ObjectDisposedException">The scorer was disposed.</exception>
    public void Logits(ReadOnlySpan<byte> pixels, int count, Span<float> logits) => Run(pixels, count, logits, values => values, views => stack(views, 1));

    public void Dispose() => _lifetime.Dispose();

    private void Release()
    {
        _network.Dispose();
        _input.Dispose();
    }

    private void Run(ReadOnlySpan<byte> pixels, int count, Span<float> values, Func<Tensor, Tensor> activate, Func<Tensor[], Tensor> join)
    {
        _lifetime.Enter();
        try
        {
            using TorchScope scope = new(gradients: false);
            Tensor[] views = [.. TestTimeViews.Of(_views, _input.Of(pixels, count), _view).Select(view => activate(LogitsOf(view)))];
            MemoryMarshal.Cast<byte, float>(join(views).cpu().contiguous().bytes).CopyTo(values);
        }
        catch (ExternalException e) when (NativeError.HasTrace(e))
        {
            throw NativeError.WithoutTrace(e);
        }
        finally
        {
            _lifetime.Leave();
        }
    }

    private Tensor LogitsOf(Tensor view)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = _network.call(ChannelsLast.Of(view));
        return (_temperature == 1 ? logits : logits.Div(_temperature)).MoveToOuterDisposeScope();
    }
}
