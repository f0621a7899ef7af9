namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A picture, or a part of one, where its pixels lie: 8-bit, row by row, the channels of a pixel side by side.</summary>
internal readonly ref struct PixelView
{
    public PixelView(ReadOnlySpan<byte> pixels, int width, int height, int channels)
    {
        Pixels = pixels;
        (Width, Height, Channels, Stride) = (width, height, channels, width * channels);
        (FullWidth, FullHeight) = (width, height);
    }

    /// <summary>From the first pixel on.</summary>
    public ReadOnlySpan<byte> Pixels { get; }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride { get; private init; }

    /// <inheritdoc cref="DecodedImage.FullWidth"/>
    public int FullWidth { get; init; }

    /// <inheritdoc cref="DecodedImage.FullHeight"/>
    public int FullHeight { get; init; }

    /// <inheritdoc cref="DecodedImage.Shrink"/>
    public int Shrink { get; init; } = 1;

    public static implicit operator PixelView(DecodedImage image) => new(image.Pixels, image.Width, image.Height, image.Channels)
    {
        FullWidth = image.FullWidth,
        FullHeight = image.FullHeight,
        Shrink = image.Shrink,
    };

    /// <summary>A rectangle of it, which must lie inside.</summary>
    public PixelView Part(int x, int y, int width, int height) => new(Pixels[((y * Stride) + (x * Channels))..], width, height, Channels) { Stride = Stride };

    /// <summary>The part of a row that it shows.</summary>
    public ReadOnlySpan<byte> Row(int y) => Pixels.Slice(y * Stride, Width * Channels);

    /// <summary>A copy that stays.</summary>
    public DecodedImage ToImage()
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(Width * Height * Channels));
        for (int y = 0; y < Height; y++)
            Row(y).CopyTo(pixels.AsSpan(y * Width * Channels));
        return new DecodedImage(Width, Height, Channels, pixels) { FullWidth = FullWidth, FullHeight = FullHeight, Shrink = Shrink };
    }
}
