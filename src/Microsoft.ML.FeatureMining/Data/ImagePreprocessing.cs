using System.Buffers;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>What turns the bytes of a picture file into the network's input; stored with the model, so that scoring does what training did.</summary>
internal sealed record ImagePreprocessing
{
    // A decoder may halve a large picture as long as it stays twice as large as needed: the last step is then still an average over all of its pixels.
    private const int SpareScale = 2;

    public required ImageShape Shape { get; init; }

    public ResizeRule Resize { get; init; } = ResizeRule.CropShorterSide;

    /// <summary>Decodes, turns upright, converts to gray where <see cref="Shape"/> has one channel, and resizes.</summary>
    /// <returns>[C, H, W], 0 to 255.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no picture that can be read.</exception>
    public byte[] Apply(ReadOnlySpan<byte> encoded, long maxPixels = ImageCodec.DefaultMaxPixels)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(Shape.Length);
        Apply(encoded, maxPixels, pixels);
        return pixels;
    }

    /// <summary>The same into memory that is there.</summary>
    public void Apply(ReadOnlySpan<byte> encoded, long maxPixels, Memory<byte> target) =>
        ImageCodec.Decode(encoded, maxPixels, checked(SpareScale * Shape.Width), checked(SpareScale * Shape.Height), picture =>
        {
            Apply(picture, target.Span);
            return true;
        });

    /// <summary>The same with a picture that is decoded.</summary>
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
            image = image.ToImage().ToGray();
        if (image.Channels != Shape.Channels)
            throw new InvalidOperationException(FormattableString.Invariant($"A picture has {image.Channels} channels; the network takes {Shape}."));
        (ResizeWindow columns, ResizeWindow rows) = Resize == ResizeRule.Squash ? (ResizeWindow.Whole(Shape.Width), ResizeWindow.Whole(Shape.Height)) : Cover(image);
        byte[] resized = ArrayPool<byte>.Shared.Rent(Shape.Length);
        ImageResize.Resize(image, columns, rows, resized.AsSpan(0, Shape.Length));
        Planes.Split(resized.AsSpan(0, Shape.Length), Shape.Channels, target);
        ArrayPool<byte>.Shared.Return(resized);
    }

    // The sizes are those of torchvision's Resize: cut towards zero.
    private (ResizeWindow Columns, ResizeWindow Rows) Cover(PixelView image)
    {
        (long fullWidth, long fullHeight) = (image.FullWidth, image.FullHeight);
        bool narrow = fullWidth * Shape.Height <= fullHeight * Shape.Width;
        long width = narrow ? Shape.Width : Shape.Height * fullWidth / fullHeight;
        long height = narrow ? Shape.Width * fullHeight / fullWidth : Shape.Height;
        return (ResizeWindow.Middle(width, Shape.Width), ResizeWindow.Middle(height, Shape.Height));
    }
}
