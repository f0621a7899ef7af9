namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// Bilinear resampling whose triangle widens when it shrinks, so that every source pixel counts (Pillow's BILINEAR, PyTorch's antialias=True).
/// The two passes work in 8-bit pixels with 22-bit fixed-point weights and round in between, as Pillow's do: the results are the same bytes.
/// </summary>
internal static class ImageResize
{
    public static DecodedImage Resize(DecodedImage image, int width, int height) =>
        Resize(image, ResizeWindow.Whole(width), ResizeWindow.Whole(height));

    /// <summary>Resizes, and computes only the part that is wanted.</summary>
    /// <exception cref="ImageDecodeException">The picture is so thin that the pass along its rows would take more than an array.</exception>
    public static DecodedImage Resize(DecodedImage image, ResizeWindow columns, ResizeWindow rows)
    {
        ResampleWeights down = new(image.Height, (double)image.FullHeight / image.Shrink, rows);
        (int top, int height) = down.Sources.GetOffsetAndLength(image.Height);
        if ((long)columns.Count * height * image.Channels > Array.MaxLength)
            throw new ImageDecodeException(FormattableString.Invariant($"The picture of {image.Width}x{image.Height} pixels is too thin to be resized."));
        DecodedImage band = ResizeColumns(image, columns, top, height);
        return image.Shrink == 1 && rows == ResizeWindow.Whole(image.Height) ? band : ResizeRows(band, down, top, rows);
    }

    private static DecodedImage ResizeColumns(DecodedImage image, ResizeWindow columns, int top, int height)
    {
        if (image.Shrink == 1 && columns == ResizeWindow.Whole(image.Width) && height == image.Height)
            return image;
        int channels = image.Channels, row = image.Width * channels;
        ResampleWeights weights = new(image.Width, (double)image.FullWidth / image.Shrink, columns);
        byte[] pixels = GC.AllocateUninitializedArray<byte>(columns.Count * height * channels);
        ReadOnlySpan<byte> source = image.Pixels.AsSpan(top * row, height * row);
        if (channels == 3)
            WeightedPixels.OfRgbRows(source, row, weights, pixels);
        else
            WeightedPixels.OfRows(source, row, channels, weights, pixels);
        return new DecodedImage(columns.Count, height, channels, pixels);
    }

    private static DecodedImage ResizeRows(DecodedImage band, ResampleWeights weights, int top, ResizeWindow rows)
    {
        int row = band.Width * band.Channels;
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(row * rows.Count));
        for (int y = 0; y < rows.Count; y++)
        {
            ReadOnlySpan<byte> source = band.Pixels.AsSpan((weights.First(y) - top) * row);
            WeightedRows.Sum(source, weights.Taps(y), pixels.AsSpan(y * row, row));
        }
        return new DecodedImage(band.Width, rows.Count, band.Channels, pixels);
    }
}
