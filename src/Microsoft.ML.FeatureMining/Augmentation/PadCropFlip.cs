using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// The usual augmentation of small images: pads with zeros, crops back at a uniform place, mirrors left and right with probability one half. One draw an image.
/// </summary>
public sealed record PadCropFlip : ImageAugmentation
{
    private const int MaxPadding = 4096;

    /// <inheritdoc/>
    public override string Key => "pad-crop-flip";

    /// <summary>Pixels of padding at each side, 0 to 4096.</summary>
    /// <value>4.</value>
    public int Padding { get; init; } = 4;

    /// <summary>Whether images are mirrored; not for digits, text or anything with a handedness.</summary>
    /// <value>true.</value>
    public bool Flip { get; init; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (Padding is < 0 or > MaxPadding)
        {
            yield return $"Padding lies in [0, {MaxPadding}]; it is {Padding}.";
        }
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        if (Padding == 0 && !Flip)
        {
            return images;
        }

        return Moves((int)images.shape[0], (int)images.shape[2], (int)images.shape[3], random).Apply(images);
    }

    /// <inheritdoc/>
    internal override PixelMoves Moves(int count, int height, int width, RandomStream random)
    {
        if (Padding == 0 && !Flip)
        {
            return PixelMoves.None(count, height, width);
        }

        int[] rows = new int[count * height];
        int[] columns = new int[count * width];
        for (int n = 0; n < count; n++)
        {
            int top = random.NextInt(2 * Padding + 1) - Padding;
            int left = random.NextInt(2 * Padding + 1) - Padding;
            bool mirrored = Flip && random.NextInt(2) == 1;
            for (int y = 0; y < height; y++)
            {
                rows[n * height + y] = Inside(top + y, height);
            }

            for (int x = 0; x < width; x++)
            {
                columns[n * width + x] = Inside(left + (mirrored ? width - 1 - x : x), width);
            }
        }

        return new PixelMoves(height, width, rows, columns);
    }

    private static int Inside(int place, int size) => place >= 0 && place < size ? place : PixelMoves.Outside;
}
