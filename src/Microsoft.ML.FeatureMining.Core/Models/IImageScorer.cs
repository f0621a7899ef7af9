using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>A trained network that scores batches of preprocessed images with TorchSharp or ONNX Runtime. Thread-safe.</summary>
internal interface IImageScorer
{
    /// <summary>The preprocessing of the images to score.</summary>
    ImagePreprocessing Preprocessing { get; }

    /// <summary>The pixel type: bytes or floats.</summary>
    PixelType Element { get; }

    /// <summary>Who decoded the training images; null if it is not known.</summary>
    ImageOrigin? Origin { get; }

    /// <summary>Whether an image may have any number of classes.</summary>
    bool IsMultilabel { get; }

    /// <summary>The number of classes K.</summary>
    int ClassCount { get; }

    /// <summary>Scores consecutive planar images.</summary>
    /// <param name="pixels">The pixels of at least <paramref name="count"/> images, [count,C,H,W].</param>
    /// <param name="count">The number of images.</param>
    /// <param name="probabilities">Receives count * K probabilities. Those of an image sum to 1, except for multi-label.</param>
    /// <exception cref="ObjectDisposedException">The scorer was disposed.</exception>
    void Score(ReadOnlySpan<byte> pixels, int count, Span<float> probabilities);
}
