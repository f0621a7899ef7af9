namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// Bilinear resampling whose triangle widens when it shrinks, so that every source pixel counts (Pillow's BILINEAR, PyTorch's antialias=True).
/// The two passes work in 8-bit pixels with 22-bit fixed-point weights and round in between, as Pillow's do: the results are the same bytes.
/// </summary>
internal static class ImageResize
{
    public static DecodedImage Resize(DecodedImage image, int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (width != image.Width)
            image = ResizeColumns(image, width);
        if (height != image.Height)
            image = ResizeRows(image, height);
        return image;
    }

    private static DecodedImage ResizeColumns(DecodedImage image, int width)
    {
        int channels = image.Channels;
        ResampleWeights weights = new(image.Width, width);
        var pixels = new byte[checked(width * image.Height * channels)];
        for (int y = 0; y < image.Height; y++)
        {
            ReadOnlySpan<byte> source = image.Pixels.AsSpan(y * image.Width * channels, image.Width * channels);
            Span<byte> target = pixels.AsSpan(y * width * channels, width * channels);
            for (int x = 0; x < width; x++)
            {
                ReadOnlySpan<int> taps = weights.Taps(x);
                int first = weights.First(x) * channels;
                for (int c = 0; c < channels; c++)
                {
                    int sum = ResampleWeights.Half;
                    for (int t = 0, i = first + c; t < taps.Length; t++, i += channels)
                        sum += source[i] * taps[t];
                    target[(x * channels) + c] = ResampleWeights.ToByte(sum);
                }
            }
        }
        return new DecodedImage(width, image.Height, channels, pixels);
    }

    private static DecodedImage ResizeRows(DecodedImage image, int height)
    {
        int row = image.Width * image.Channels;
        ResampleWeights weights = new(image.Height, height);
        var pixels = new byte[checked(row * height)];
        var sums = new int[row];
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<int> taps = weights.Taps(y);
            Array.Fill(sums, ResampleWeights.Half);
            for (int t = 0; t < taps.Length; t++)
            {
                int tap = taps[t];
                ReadOnlySpan<byte> source = image.Pixels.AsSpan((weights.First(y) + t) * row, row);
                for (int i = 0; i < source.Length; i++)
                    sums[i] += source[i] * tap;
            }
            Span<byte> target = pixels.AsSpan(y * row, row);
            for (int i = 0; i < target.Length; i++)
                target[i] = ResampleWeights.ToByte(sums[i]);
        }
        return new DecodedImage(image.Width, height, image.Channels, pixels);
    }
}
