namespace Microsoft.ML.FeatureMining.Data;

/// <summary>8-bit pixels, row by row, the channels of a pixel side by side.</summary>
internal sealed class DecodedImage
{
    public DecodedImage(int width, int height, int channels, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.LongLength != (long)width * height * channels)
            throw new ArgumentException(FormattableString.Invariant($"{pixels.LongLength} bytes are no {width}x{height} image of {channels} channels."), nameof(pixels));
        (Width, Height, Channels, Pixels) = (width, height, channels, pixels);
        (FullWidth, FullHeight) = (width, height);
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    public byte[] Pixels { get; } // [H, W, C]

    /// <summary>The width of the picture in its file, of which a decoder may have made less.</summary>
    public int FullWidth { get; init; }

    /// <summary>The height of the picture in its file.</summary>
    public int FullHeight { get; init; }

    /// <summary>How many pixels of the file lie along a side of one of these; at the right and lower edge there may be fewer.</summary>
    public int Shrink { get; init; } = 1;

    /// <summary>ITU-R 601 luma in 16-bit fixed point, rounded.</summary>
    public DecodedImage ToGray()
    {
        if (Channels == 1)
            return this;
        var gray = new byte[Width * Height];
        for (int i = 0, j = 0; i < gray.Length; i++, j += 3)
            gray[i] = (byte)(((Pixels[j] * 19595) + (Pixels[j + 1] * 38470) + (Pixels[j + 2] * 7471) + 0x8000) >> 16);
        return new DecodedImage(Width, Height, 1, gray) { FullWidth = FullWidth, FullHeight = FullHeight, Shrink = Shrink };
    }

    /// <summary>The same pixels as [C, H, W].</summary>
    public byte[] ToPlanar()
    {
        if (Channels == 1)
            return Pixels;
        byte[] planar = GC.AllocateUninitializedArray<byte>(Pixels.Length);
        Planes.Split(Pixels, Channels, planar);
        return planar;
    }
}
