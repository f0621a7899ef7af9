using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Detection.Scoring;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>
/// Detects objects with a trained network: folds BatchNorm, uses channels_last (NHWC). Thread-safe: the network is in evaluation mode and never changed. Holds
/// native memory until disposed.
/// </summary>
internal sealed class DetectionScorer : IDisposable
{
    private readonly RetinaNet _network;
    private readonly NetworkInput _input;
    private readonly Lifetime _lifetime;

    public DetectionScorer(SavedDetector saved, Device device)
    {
        NativeHeap.KeepFreed();
        using TorchScope scope = new(gradients: false);
        DetectorManifest manifest = saved.Manifest;
        (Preprocessing, Origin) = (manifest.ToPreprocessing(), manifest.Origin);
        _network = NetworkFactory.CreateForScoring(
            layers => RetinaNet.Create(manifest.Backbone, Preprocessing.Shape.Channels, manifest.ClassCount, manifest.Network, layers),
            saved.Weights,
            device
        );
        _input = new NetworkInput(Preprocessing.Shape, PixelType.Byte, new ChannelStatistics([.. manifest.Mean], [.. manifest.Std]), device);
        _lifetime = new Lifetime(nameof(DetectionScorer), Release);
    }

    public ImagePreprocessing Preprocessing { get; }

    public ImageOrigin? Origin { get; }

    /// <summary>The objects in each image, the best first, in pixels of the image before it was resized.</summary>
    /// <param name="pixels">The letterboxed images, [N,3,S,S].</param>
    /// <param name="sizes">The size of each of the N images before it was resized.</param>
    /// <exception cref="ObjectDisposedException">The scorer was disposed.</exception>
    public IReadOnlyList<Detection>[] Detect(ReadOnlySpan<byte> pixels, IReadOnlyList<ImageSize> sizes)
    {
        _lifetime.Enter();
        try
        {
            using TorchScope scope = new(gradients: false);
            (Tensor logits, Tensor deltas) = _network.Predict(_input.Of(pixels, sizes.Count));
            (logits, deltas) = (logits.cpu(), deltas.cpu()); // once for all images
            AnchorGrid anchors = _network.AnchorsOf(Preprocessing.Shape.Height, Preprocessing.Shape.Width);
            return
            [
                .. sizes.Select(
                    (size, n) =>
                    {
                        ImageSize fitted = Preprocessing.Fitted(size);
                        (float x, float y) = ((float)size.Width / fitted.Width, (float)size.Height / fitted.Height);
                        return (IReadOnlyList<Detection>)
                            [
                                .. Detector
                                    .Detect(logits[n], deltas[n], anchors, fitted.Height, fitted.Width, _network.Settings)
                                    .Select(found => found with { Box = Scale(found.Box, x, y) }),
                            ];
                    }
                ),
            ];
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

    private static Box Scale(in Box box, float x, float y) => new(box.Left * x, box.Top * y, box.Right * x, box.Bottom * y);

    private void Release()
    {
        _network.Dispose();
        _input.Dispose();
    }
}
