using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Of each image one box, scaled up to the whole image, bilinearly: first rows are blended, then pixels, in 16 bits of which <see cref="BlendedPixels.Fraction"/> are a fraction.</summary>
internal sealed class ScaledBoxes(ImageShape shape, PixelBox[] boxes) : BatchOperation
{
    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        PixelBox box = boxes[n];
        (int plane, int width) = (shape.Height * shape.Width, shape.Width);
        BlendedPixels rows = new(box.Height, shape.Height), columns = new(box.Width, width);
        short[] band = new short[columns.Needed];
        for (int channel = 0; channel < shape.Channels; channel++)
        {
            ReadOnlySpan<byte> source = image.Slice(channel * plane, plane)[((box.Top * width) + box.Left)..];
            for (int y = 0; y < shape.Height; y++)
            {
                int upper = rows.First(y), lower = Math.Min(upper + 1, box.Height - 1);
                BlendedRows.Blend(source.Slice(upper * width, box.Width), source.Slice(lower * width, box.Width), rows.Weight(y), band);
                columns.Blend(band, target.Slice((channel * plane) + (y * width), width));
            }
        }
    }
}
