using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Of each image one box, scaled up to the whole image, bilinearly: first the pixels of a row are blended, once a row of the box, then the rows, in 16 bits of which
/// <see cref="BlendedPixels.Fraction"/> are a fraction.
/// </summary>
internal sealed class ScaledBoxes(ImageShape shape, PixelBox[] boxes) : BatchOperation
{
    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        PixelBox box = boxes[n];
        int plane = shape.Height * shape.Width;
        BlendedPixels rows = new(box.Height, shape.Height), columns = new(box.Width, shape.Width);
        short[] wide = new short[2 * shape.Width];
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            ReadOnlySpan<byte> source = image[((channel * plane) + (box.Top * shape.Width) + box.Left)..];
            Scale(source, box, rows, columns, wide, target.Slice(channel * plane, plane));
        }
    }

    // A row of the result lies between two rows of the box; of those made wide the last two are kept.
    private void Scale(ReadOnlySpan<byte> source, PixelBox box, BlendedPixels rows, BlendedPixels columns, Span<short> wide, Span<byte> target)
    {
        int width = shape.Width;
        int ready = -1;
        for (int y = 0; y < shape.Height; y++)
        {
            int upper = rows.First(y), lower = Math.Min(upper + 1, box.Height - 1);
            while (ready < lower)
            {
                ready++;
                columns.Blend(source[(ready * width)..], wide.Slice(ready % 2 * width, width));
            }

            BlendedRows.Blend(wide.Slice(upper % 2 * width, width), wide.Slice(lower % 2 * width, width), rows.Weight(y), target.Slice(y * width, width));
        }
    }
}
