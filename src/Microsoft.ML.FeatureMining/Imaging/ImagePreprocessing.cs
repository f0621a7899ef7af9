using System.Buffers;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>What turns the bytes of an image file into the network's input; stored with the model, so that scoring does what training did.</summary>
internal sealed record ImagePreprocessing
{
    /// <summary>The smallest <see cref="CropRatio"/> that a recipe or a model may have.</summary>
    public const double MinCropRatio = 0.5;

    // A decoder may halve a large image as long as it stays twice as large as needed: the last step is then still an average over all of its pixels.
    private const int SpareScale = 2;

    /// <summary>What comes out.</summary>
    public required ImageShape Shape { get; init; }

    /// <summary>The share of each side of the resized image that <see cref="Shape"/> is, its middle, at most 1; timm's crop_pct.</summary>
    public double CropRatio { get; init; } = 1;

    public ResizeRule Resize { get; init; } = ResizeRule.CropShorterSide;

    /// <summary>The same without the crop: what training cuts its crops out of.</summary>
    public ImagePreprocessing Uncropped() => this with { Shape = Shape with { Height = Whole(Shape.Height), Width = Whole(Shape.Width) }, CropRatio = 1 };

    /// <summary>Decodes, turns upright, converts to gray where <see cref="Shape"/> has one channel, and resizes.</summary>
    /// <returns>[C, H, W], 0 to 255.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no image that can be read.</exception>
    public byte[] Apply(ReadOnlySpan<byte> encoded, long maxPixels = ImageCodec.DefaultMaxPixels)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(Shape.Length);
        Apply(encoded, maxPixels, pixels);
        return pixels;
    }

    /// <summary>The same into memory that is there.</summary>
    public void Apply(ReadOnlySpan<byte> encoded, long maxPixels, Memory<byte> target) =>
        ImageCodec.Decode(
            encoded,
            maxPixels,
            checked(SpareScale * Whole(Shape.Width)),
            checked(SpareScale * Whole(Shape.Height)),
            image =>
            {
                Apply(image, target.Span);
                return true;
            }
        );

    /// <summary>The same with an image that is decoded.</summary>
    public byte[] Apply(PixelView image)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(Shape.Length);
        Apply(image, pixels);
        return pixels;
    }

    /// <inheritdoc cref="Apply(PixelView)"/>
    public void Apply(PixelView image, Span<byte> target)
    {
        if (Shape.Channels == 1 && image.Channels != 1)
        {
            image = image.ToImage().ToGray();
        }

        if (image.Channels != Shape.Channels)
        {
            throw new InvalidOperationException(FormattableString.Invariant($"An image has {image.Channels} channels; the network takes {Shape}."));
        }

        (int width, int height) = (Whole(Shape.Width), Whole(Shape.Height));
        (ResizeWindow columns, ResizeWindow rows) =
            Resize == ResizeRule.Squash ? (ResizeWindow.Whole(width), ResizeWindow.Whole(height)) : Cover(image, width, height);
        byte[] resized = ArrayPool<byte>.Shared.Rent(Shape.Length);
        ImageResize.Resize(image, columns.Middle(Shape.Width), rows.Middle(Shape.Height), resized.AsSpan(0, Shape.Length));
        PlanarLayout.Split(resized.AsSpan(0, Shape.Length), Shape.Channels, target);
        ArrayPool<byte>.Shared.Return(resized);
    }

    // The sizes are those of torchvision's Resize: cut towards zero.
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

/// <summary>How an image of any size becomes one of the size that the network takes.</summary>
public enum ResizeRule
{
    /// <summary>Scale so that the image just covers the target, then cut its center out. Keeps proportions; loses what stands over.</summary>
    CropShorterSide,

    /// <summary>Scale each axis by itself. Keeps everything; changes proportions.</summary>
    Squash,
}
