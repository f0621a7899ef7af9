using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// The usual augmentation of small images: pads with zeros, crops back to the size at a random position, and flips horizontally with probability 0.5. Each
/// image is drawn separately.
/// </summary>
public sealed record PadCropFlip : ImageAugmentation
{
    private const int MaxPadding = 4096;

    /// <inheritdoc/>
    public override string Key => "pad-crop-flip";

    /// <summary>Pixels of padding on each side, 0 to 4096.</summary>
    /// <value>4.</value>
    [Range(0, MaxPadding)]
    public int Padding { get; init; } = 4;

    /// <summary>Whether images are flipped horizontally. Turn it off for digits, text, or anything where left and right differ.</summary>
    /// <value>true.</value>
    public bool Flip { get; init; } = true;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        if (Padding == 0 && !Flip)
        {
            return images;
        }

        return Moves((int)images.shape[0], ShapeOf(images), random).Apply(images);
    }

    /// <inheritdoc/>
    internal override BatchOperation InMemory(int count, ImageShape shape, ImageShape network, PixelType element, RandomStream random) =>
        Moves(count, shape, random);

    private PixelMoves Moves(int count, ImageShape shape, RandomStream random)
    {
        if (Padding == 0 && !Flip)
        {
            return PixelMoves.None(count, shape);
        }

        (AxisMove, AxisMove)[] images = new (AxisMove, AxisMove)[count];
        foreach (ref (AxisMove Rows, AxisMove Columns) image in images.AsSpan())
        {
            int top = random.NextInt(2 * Padding + 1) - Padding;
            int left = random.NextInt(2 * Padding + 1) - Padding;
            bool mirrored = Flip && random.NextInt(2) == 1;
            image = (AxisMove.Shift(top, false, shape.Height), AxisMove.Shift(left, mirrored, shape.Width));
        }

        return new PixelMoves(shape, shape.Height, shape.Width, images);
    }
}
