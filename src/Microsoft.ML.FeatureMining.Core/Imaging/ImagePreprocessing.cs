using System.Buffers;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>Turns the bytes of an image file into the network's input. Saved with the model, so that scoring preprocesses images as training did.</summary>
internal sealed record ImagePreprocessing
{
    /// <summary>The smallest <see cref="CropRatio"/> that a recipe or a model may have.</summary>
    public const double MinCropRatio = 0.5;

    // A decoder may shrink a large JPEG if it stays at least twice as large as needed. The resize then still averages over all of its pixels.
    private const int SpareScale = 2;

    /// <summary>The value of the pixels beside a letterboxed image, as in YOLO.</summary>
    public const byte LetterboxGray = 114;

    /// <summary>The shape of the result.</summary>
    public required ImageShape Shape { get; init; }

    /// <summary>The fraction of each side of the resized image that the center crop keeps, at most 1; timm's crop_pct.</summary>
    public double CropRatio { get; init; } = 1;

    public ResizeRule Resize { get; init; } = ResizeRule.CropShorterSide;

    /// <summary>How pixels are interpolated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public ResizeFilter Filter { get; init; }

    /// <summary>
    /// Whether the whole image is scaled to fit, instead of <see cref="Resize"/>: its upper left corner stays at (0, 0), and the rest is filled with
    /// <see cref="LetterboxGray"/>. For object detection.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Letterbox { get; init; }

    /// <summary>The same without the center crop. Training takes its random crops from these images.</summary>
    public ImagePreprocessing Uncropped() => this with { Shape = Shape with { Height = Whole(Shape.Height), Width = Whole(Shape.Width) }, CropRatio = 1 };

    /// <summary>Decodes, applies the EXIF orientation, converts to gray if <see cref="Shape"/> has one channel, and resizes.</summary>
    /// <returns>[C, H, W], 0 to 255.</returns>
    /// <exception cref="ImageDecodeException">The bytes cannot be decoded as an image.</exception>
    public byte[] Apply(ReadOnlySpan<byte> encoded, long maxPixels = ImageCodec.DefaultMaxPixels)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(Shape.Length);
        Apply(encoded, maxPixels, pixels);
        return pixels;
    }

    /// <summary>The same into existing memory.</summary>
    /// <returns>The size of the image before resizing.</returns>
    public ImageSize Apply(ReadOnlySpan<byte> encoded, long maxPixels, Memory<byte> target) =>
        ImageCodec.Decode(
            encoded,
            maxPixels,
            checked(SpareScale * Whole(Shape.Width)),
            checked(SpareScale * Whole(Shape.Height)),
            image => Apply(image, target.Span)
        );

    /// <summary>The same for a decoded image.</summary>
    public byte[] Apply(PixelView image)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(Shape.Length);
        Apply(image, pixels);
        return pixels;
    }

    /// <inheritdoc cref="Apply(PixelView)"/>
    public ImageSize Apply(PixelView image, Span<byte> target)
    {
        if (Shape.Channels == 1 && image.Channels != 1)
        {
            image = image.ToImage().ToGray();
        }

        if (image.Channels != Shape.Channels)
        {
            throw new InvalidOperationException(FormattableString.Invariant($"The image has {image.Channels} channels, but the network takes {Shape}."));
        }

        ImageSize size = new(image.FullWidth, image.FullHeight);
        byte[] resized = ArrayPool<byte>.Shared.Rent(Shape.Length);
        if (Letterbox)
        {
            Fit(image, size, resized.AsSpan(0, Shape.Length));
        }
        else
        {
            (ResizeWindow columns, ResizeWindow rows) = Windows(image);
            ImageResize.Resize(image, columns.Middle(Shape.Width), rows.Middle(Shape.Height), Filter, resized.AsSpan(0, Shape.Length));
        }

        PlanarLayout.Split(resized.AsSpan(0, Shape.Length), Shape.Channels, target);
        ArrayPool<byte>.Shared.Return(resized);
        return size;
    }

    /// <summary>The part of the result that a letterboxed image fills.</summary>
    /// <param name="image">The size of the image.</param>
    public ImageSize Fitted(ImageSize image)
    {
        double scale = Math.Min((double)Shape.Width / image.Width, (double)Shape.Height / image.Height);
        return new ImageSize(Side(image.Width * scale, Shape.Width), Side(image.Height * scale, Shape.Height));

        static int Side(double length, int max) => (int)Math.Clamp(Math.Round(length), 1, max);
    }

    private void Fit(PixelView image, ImageSize size, Span<byte> target)
    {
        (int width, int height) = Fitted(size);
        int row = width * Shape.Channels;
        byte[] fitted = ArrayPool<byte>.Shared.Rent(row * height);
        ImageResize.Resize(image, ResizeWindow.Whole(width), ResizeWindow.Whole(height), Filter, fitted.AsSpan(0, row * height));
        target.Fill(LetterboxGray);
        for (int y = 0; y < height; y++)
        {
            fitted.AsSpan(y * row, row).CopyTo(target[(y * Shape.Width * Shape.Channels)..]);
        }

        ArrayPool<byte>.Shared.Return(fitted);
    }

    /// <summary>The part of an image that becomes the network's input, at the image's own resolution: RGB, or gray as RGB.</summary>
    /// <param name="image">The image.</param>
    /// <param name="longest">The longer side of the result is at most this; a larger part is reduced.</param>
    public DecodedImage View(PixelView image, int longest)
    {
        (ResizeWindow columns, ResizeWindow rows) = Windows(image);
        // The part of the sides that the network sees.
        double seenWidth = (double)image.FullWidth * Shape.Width / columns.Size;
        double seenHeight = (double)image.FullHeight * Shape.Height / rows.Size;
        double scale = Math.Min(1, longest / Math.Max(seenWidth, seenHeight));
        DecodedImage seen = ResizeTo(
            image,
            Window((long)Math.Round(image.FullWidth * scale), seenWidth * scale),
            Window((long)Math.Round(image.FullHeight * scale), seenHeight * scale)
        );
        DecodedImage shown = Shape.Channels == 1 ? seen.ToGray() : seen;
        return shown.Channels == 3
            ? shown
            : new DecodedImage(shown.Width, shown.Height, 3, [.. shown.Pixels.SelectMany(value => new[] { value, value, value })]);

        static ResizeWindow Window(long all, double seen) => ResizeWindow.Middle(Math.Max(1, all), (int)Math.Clamp(Math.Round(seen), 1, Math.Max(1, all)));
    }

    /// <summary>The same for an image file.</summary>
    /// <exception cref="ImageDecodeException">The bytes cannot be decoded as an image.</exception>
    public DecodedImage View(ReadOnlySpan<byte> encoded, long maxPixels, int longest) =>
        ImageCodec.Decode(encoded, maxPixels, SpareScale * longest, SpareScale * longest, image => View(image, longest));

    private DecodedImage ResizeTo(PixelView image, ResizeWindow columns, ResizeWindow rows)
    {
        byte[] pixels = new byte[checked(columns.Count * rows.Count * image.Channels)];
        ImageResize.Resize(image, columns, rows, Filter, pixels);
        return new DecodedImage(columns.Count, rows.Count, image.Channels, pixels);
    }

    // The resized image before the center crop.
    private (ResizeWindow Columns, ResizeWindow Rows) Windows(PixelView image)
    {
        (int width, int height) = (Whole(Shape.Width), Whole(Shape.Height));
        return Resize == ResizeRule.Squash ? (ResizeWindow.Whole(width), ResizeWindow.Whole(height)) : Cover(image, width, height);
    }

    // Sizes are truncated, as in torchvision's Resize.
    private static (ResizeWindow Columns, ResizeWindow Rows) Cover(PixelView image, int width, int height)
    {
        (long fullWidth, long fullHeight) = (image.FullWidth, image.FullHeight);
        bool narrow = fullWidth * height <= fullHeight * width;
        return (
            ResizeWindow.Middle(narrow ? width : height * fullWidth / fullHeight, width),
            ResizeWindow.Middle(narrow ? width * fullHeight / fullWidth : height, height)
        );
    }

    private int Whole(int side) => CropRatio == 1 ? side : checked((int)Math.Round(side / CropRatio));
}

/// <summary>How an image is resized to the size that the network takes.</summary>
public enum ResizeRule
{
    /// <summary>Scale the image so that it just covers the target, then take the center crop. Keeps the aspect ratio; drops the borders.</summary>
    CropShorterSide,

    /// <summary>Scale each axis separately. Keeps the whole image; changes the aspect ratio.</summary>
    Squash,
}

/// <summary>
/// How pixels are interpolated when an image is resized. When it shrinks, the filter gets wider, so that every pixel counts (antialiasing). Both give the bytes
/// of Pillow.
/// </summary>
public enum ResizeFilter
{
    /// <summary>The triangle filter: Pillow's BILINEAR; torchvision's and PyTorch's bilinear with antialias.</summary>
    Bilinear,

    /// <summary>The cubic filter (Keys 1981, a = -0.5): Pillow's BICUBIC. Most weights of timm were trained with it.</summary>
    Bicubic,
}
