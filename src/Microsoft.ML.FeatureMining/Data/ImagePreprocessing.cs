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
    public byte[] Apply(ReadOnlySpan<byte> encoded, long maxPixels = ImageCodec.DefaultMaxPixels) =>
        ImageCodec.Decode(encoded, maxPixels, checked(SpareScale * Shape.Width), checked(SpareScale * Shape.Height), Apply);

    /// <summary>The same with a picture that is decoded.</summary>
    public byte[] Apply(PixelView image)
    {
        if (Shape.Channels == 1 && image.Channels != 1)
            image = image.ToImage().ToGray();
        if (image.Channels != Shape.Channels)
            throw new InvalidOperationException(FormattableString.Invariant($"A picture has {image.Channels} channels; the network takes {Shape}."));
        DecodedImage resized = Resize == ResizeRule.Squash ? ImageResize.Resize(image, Shape.Width, Shape.Height) : Cover(image);
        return resized.ToPlanar();
    }

    // The sizes are those of torchvision's Resize: cut towards zero.
    private DecodedImage Cover(PixelView image)
    {
        (long fullWidth, long fullHeight) = (image.FullWidth, image.FullHeight);
        bool narrow = fullWidth * Shape.Height <= fullHeight * Shape.Width;
        long width = narrow ? Shape.Width : Shape.Height * fullWidth / fullHeight;
        long height = narrow ? Shape.Width * fullHeight / fullWidth : Shape.Height;
        return ImageResize.Resize(image, ResizeWindow.Middle(width, Shape.Width), ResizeWindow.Middle(height, Shape.Height));
    }
}
