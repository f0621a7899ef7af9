using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Of each image one box, scaled to a whole image, bilinearly: first the pixels of a row are blended, once a row of the box, then the rows, in 16 bits of which
/// <see cref="BlendedPixels.Fraction"/> are a fraction.
/// </summary>
/// <param name="source">The shape of the images that boxes are cut out of.</param>
/// <param name="result">The shape that they are scaled to.</param>
/// <param name="boxes">One an image.</param>
internal sealed class ScaledBoxes(ImageShape source, ImageShape result, PixelBox[] boxes) : BatchOperation
{
    public override ImageShape Result => result;

    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        PixelBox box = boxes[n];
        (int from, int to) = (source.Height * source.Width, result.Height * result.Width);
        BlendedPixels rows = new(box.Height, result.Height), columns = new(box.Width, result.Width);
        short[] wide = new short[2 * result.Width];
        for (int channel = 0; channel < source.Channels; channel++)
        {
            ReadOnlySpan<byte> inside = image[((channel * from) + (box.Top * source.Width) + box.Left)..];
            Scale(inside, box, rows, columns, wide, target.Slice(channel * to, to));
        }
    }

    // A row of the result lies between two rows of the box; of those made wide the last two are kept.
    private void Scale(ReadOnlySpan<byte> inside, PixelBox box, BlendedPixels rows, BlendedPixels columns, Span<short> wide, Span<byte> target)
    {
        int width = result.Width;
        int ready = -1;
        for (int y = 0; y < result.Height; y++)
        {
            int upper = rows.First(y), lower = Math.Min(upper + 1, box.Height - 1);
            while (ready < lower)
            {
                ready++;
                columns.Blend(inside[(ready * source.Width)..], wide.Slice(ready % 2 * width, width));
            }

            BlendedRows.Blend(wide.Slice(upper % 2 * width, width), wide.Slice(lower % 2 * width, width), rows.Weight(y), target.Slice(y * width, width));
        }
    }
}
