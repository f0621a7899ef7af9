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
/// Scores images with a model: folds BatchNorm, uses channels_last (NHWC), applies softmax (or sigmoid per class for multi-label), and averages the views of
/// test-time augmentation. Thread-safe: the network is in evaluation mode and never changed. Holds native memory until disposed.
/// </summary>
internal sealed class ImageScorer : IImageScorer, IDisposable
{
    private readonly ImageNetwork _network;
    private readonly NetworkInput _input;
    private readonly TestTimeAugmentation _views;
    private readonly ImageShape _view;
    private readonly Lifetime _lifetime;

    public ImageScorer(SavedModel saved, Device device)
    {
        NativeHeap.KeepFreed();
        using TorchScope scope = new(gradients: false);
        ModelManifest manifest = saved.Manifest;
        (Preprocessing, Element, ClassCount, IsMultilabel) = (manifest.ScoringPreprocessing, manifest.Element, manifest.ClassCount, manifest.IsMultilabel);
        (_views, _view, Origin) = (manifest.TestTimeAugmentation, manifest.Preprocessing.Shape, manifest.Origin);
        _network = NetworkFactory.CreateForScoring(manifest.Backbone, Input.Channels, ClassCount, saved.Weights.CopyTo, device, manifest.Head, manifest.Exits);
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

    public void Score(ReadOnlySpan<byte> pixels, int count, Span<float> probabilities)
    {
        _lifetime.Enter();
        try
        {
            using TorchScope scope = new(gradients: false);
            Tensor[] scores = [.. TestTimeViews.Of(_views, _input.Of(pixels, count), _view).Select(ScoreView)];
            Tensor mean = scores.Length == 1 ? scores[0] : stack(scores).mean(new long[] { 0 });
            MemoryMarshal.Cast<byte, float>(mean.cpu().contiguous().bytes).CopyTo(probabilities);
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

    public void Dispose() => _lifetime.Dispose();

    private void Release()
    {
        _network.Dispose();
        _input.Dispose();
    }

    private Tensor ScoreView(Tensor view)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = _network.call(ChannelsLast.Of(view));
        return (IsMultilabel ? sigmoid(logits) : nn.functional.softmax(logits, 1)).MoveToOuterDisposeScope();
    }
}
