using System.Buffers;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// Bilinear resampling whose triangle widens when it shrinks, so that every source pixel counts (Pillow's BILINEAR, PyTorch's antialias=True).
/// The two passes work in 8-bit pixels with 22-bit fixed-point weights and round in between, as Pillow's do: the results are the same bytes.
/// </summary>
internal static class ImageResize
{
    public static DecodedImage Resize(PixelView image, int width, int height)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * image.Channels));
        Resize(image, ResizeWindow.Whole(width), ResizeWindow.Whole(height), pixels);
        return new DecodedImage(width, height, image.Channels, pixels);
    }

    /// <summary>Resizes, and computes only the part that is wanted.</summary>
    /// <exception cref="ImageDecodeException">The picture is so thin that the pass along its rows would take more than an array.</exception>
    public static void Resize(PixelView image, ResizeWindow columns, ResizeWindow rows, Span<byte> pixels)
    {
        ResampleWeights down = new(image.Height, (double)image.FullHeight / image.Shrink, rows);
        (int top, int height) = down.Sources.GetOffsetAndLength(image.Height);
        if ((long)columns.Count * height * image.Channels > Array.MaxLength)
            throw new ImageDecodeException(FormattableString.Invariant($"The picture of {image.Width}x{image.Height} pixels is too thin to be resized."));
        int row = columns.Count * image.Channels;
        if (image.Shrink == 1 && rows == ResizeWindow.Whole(image.Height))
        {
            ResizeColumns(image, columns, top, pixels);
        }
        else
        {
            // Large arrays are dear to make; the one between the passes is lent.
            byte[] band = ArrayPool<byte>.Shared.Rent(row * height);
            ResizeColumns(image, columns, top, band.AsSpan(0, row * height));
            for (int y = 0; y < rows.Count; y++)
                WeightedRows.Sum(band.AsSpan((down.First(y) - top) * row), down, y, pixels.Slice(y * row, row));
            ArrayPool<byte>.Shared.Return(band);
        }
    }

    private static void ResizeColumns(PixelView image, ResizeWindow columns, int top, Span<byte> target)
    {
        int row = columns.Count * image.Channels;
        if (image.Shrink == 1 && columns == ResizeWindow.Whole(image.Width))
        {
            for (int y = 0; y < target.Length / row; y++)
                image.Row(top + y).CopyTo(target[(y * row)..]);
            return;
        }
        ResampleWeights weights = new(image.Width, (double)image.FullWidth / image.Shrink, columns);
        ReadOnlySpan<byte> source = image.Pixels[(top * image.Stride)..];
        if (image.Channels == 3)
            WeightedPixels.OfRgbRows(source, image.Stride, weights, target);
        else
            WeightedPixels.OfRows(source, image.Stride, image.Channels, weights, target);
    }
}
