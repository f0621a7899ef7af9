using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Cutout (DeVries and Taylor 2017): erases one square per image. Its center is drawn uniformly from all pixels. The square is clipped to the image, so squares
/// near the edges are smaller.
/// </summary>
public sealed record Cutout : ImageAugmentation
{
    /// <inheritdoc/>
    public override string Key => "cutout";

    /// <summary>The side of the square in pixels, at least 1. The square reaches half of it, rounded down, to each side of the center.</summary>
    /// <value>16, as in the paper for CIFAR-10; the paper uses 8 for CIFAR-100.</value>
    [Range(1, int.MaxValue)]
    public int Size { get; init; } = 16;

    /// <summary>What the square is filled with.</summary>
    /// <value><see cref="ErasedFill.Mean"/>.</value>
    public ErasedFill Fill { get; init; }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        return Erasure.Boxes(images, (height, width) => Draw(height, width, random), Fill, random);
    }

    internal PixelBox Draw(int height, int width, RandomStream random)
    {
        (int top, int rows) = Cut(random.NextInt(height), height);
        (int left, int columns) = Cut(random.NextInt(width), width);
        return new PixelBox(top, left, rows, columns);
    }

    private (int First, int Length) Cut(int center, int size)
    {
        int first = Math.Max(center - Size / 2, 0);
        long last = Math.Min((long)center + Size / 2, size);
        return (first, (int)last - first);
    }
}
