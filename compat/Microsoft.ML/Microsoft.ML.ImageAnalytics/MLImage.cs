namespace Microsoft.ML.Data;

/// <summary>A picture of 32 bits a pixel.</summary>
public sealed class MLImage : IDisposable
{
    private readonly int _width;
    private readonly int _height;
    private readonly MLPixelFormat _format;
    private byte[] _pixels;
    private string _tag;

    private MLImage(int width, int height, MLPixelFormat format, byte[] pixels)
    {
        _width = width;
        _height = height;
        _format = format;
        _pixels = pixels;
    }

    public int Width => Alive._width;

    public int Height => Alive._height;

    public MLPixelFormat PixelFormat => Alive._format;

    public int BitsPerPixel => 8 * Alive._pixels.Length / (_width * _height);

    /// <summary>The rows from top to bottom, without padding.</summary>
    public ReadOnlySpan<byte> Pixels => Alive._pixels;

    /// <summary>Three bytes a pixel: blue, green, red.</summary>
    public byte[] GetBGRPixels
    {
        get
        {
            ReadOnlySpan<byte> pixels = Pixels;
            int blue = _format == MLPixelFormat.Bgra32 ? 0 : 2;
            var colors = new byte[pixels.Length / 4 * 3];
            for (int from = 0, to = 0; to < colors.Length; from += 4, to += 3)
            {
                colors[to] = pixels[from + blue];
                colors[to + 1] = pixels[from + 1];
                colors[to + 2] = pixels[from + 2 - blue];
            }

            return colors;
        }
    }

    /// <summary>Whatever the maker of the image notes; its loader, the path.</summary>
    public string Tag
    {
        get => Alive._tag;
        set => Alive._tag = value;
    }

    private MLImage Alive => _pixels is null ? throw new InvalidOperationException("Object is disposed.") : this;

    public static MLImage CreateFromStream(Stream imageStream)
    {
        ArgumentNullException.ThrowIfNull(imageStream);
        using var encoded = new MemoryStream();
        imageStream.CopyTo(encoded);
        return Decode(encoded.GetBuffer().AsSpan(0, (int)encoded.Length), "Invalid input stream contents", nameof(imageStream));
    }

    public static MLImage CreateFromFile(string imagePath)
    {
        ArgumentNullException.ThrowIfNull(imagePath);
        return File.Exists(imagePath)
            ? Decode(File.ReadAllBytes(imagePath), "Invalid path", nameof(imagePath))
            : throw new ArgumentException("Invalid path", nameof(imagePath));
    }

    public static MLImage CreateFromPixels(int width, int height, MLPixelFormat pixelFormat, ReadOnlySpan<byte> imagePixelData)
    {
        if (pixelFormat is not (MLPixelFormat.Bgra32 or MLPixelFormat.Rgba32))
            throw new ArgumentException("Unsupported pixel format", nameof(pixelFormat));
        if (width <= 0)
            throw new ArgumentException("Invalid width value.", nameof(width));
        if (height <= 0)
            throw new ArgumentException("Invalid height value.", nameof(height));
        if (imagePixelData.Length != 4L * width * height)
            throw new ArgumentException($"Invalid {nameof(imagePixelData)} buffer size.");
        return new MLImage(width, height, pixelFormat, imagePixelData.ToArray());
    }

    public void Dispose() => _pixels = null;

    private static MLImage Decode(ReadOnlySpan<byte> encoded, string message, string name)
    {
        if (!NativeImages.TryDecode(encoded, out int width, out int height, out byte[] pixels, out string error))
            throw new ArgumentException($"{message}: {error}", name);
        return new MLImage(width, height, MLPixelFormat.Bgra32, pixels);
    }
}
