using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>An augmentation of one batch with all random numbers already drawn. It can run in memory, image by image, on any number of threads.</summary>
internal abstract class BatchOperation
{
    /// <summary>The shape of an image after the operation.</summary>
    public abstract ImageShape Result { get; }

    /// <summary>Applies it to one image.</summary>
    /// <param name="n">The index of the image in the batch.</param>
    /// <param name="image">[C,H,W].</param>
    /// <param name="target">[C,H',W'], of the shape <see cref="Result"/>.</param>
    public abstract void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target);
}
