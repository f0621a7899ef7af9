using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>What an augmentation does to the images of one batch, all drawn: to be done on bytes in memory, image by image, by any number of threads.</summary>
internal abstract class BatchOperation
{
    /// <summary>The shape of an image after it.</summary>
    public abstract ImageShape Result { get; }

    /// <summary>From image <paramref name="n"/> of the batch to the one that comes instead, planar both.</summary>
    public abstract void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target);
}
