namespace Microsoft.ML.FeatureMining.Data;

/// <summary>What turns the bytes of a picture file into the network's input; stored with the model, so that scoring does what training did.</summary>
internal sealed record ImagePreprocessing
{
    public required ImageShape Shape { get; init; }

    public ResizeRule Resize { get; init; } = ResizeRule.CropShorterSide;

    /// <summary>Decodes, turns upright, converts to gray where <see cref="Shape"/> has one channel, and resizes.</summary>
    /// <returns>[C, H, W], 0 to 255.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no picture that can be read.</exception>
    public byte[] Apply(ReadOnlySpan<byte> encoded) => Apply(ImageCodec.Decode(encoded));

    /// <inheritdoc cref="Apply(ReadOnlySpan{byte})"/>
    public byte[] Apply(DecodedImage image)
    {
        if (Shape.Channels == 1)
            image = image.ToGray();
        image = Resize == ResizeRule.Squash ? ImageResize.Resize(image, Shape.Width, Shape.Height) : Cover(image);
        return image.ToPlanar();
    }

    // Sizes and offsets are those of torchvision's Resize and CenterCrop: cut towards zero; halves go to the even pixel.
    private DecodedImage Cover(DecodedImage image)
    {
        bool narrow = (long)image.Width * Shape.Height <= (long)image.Height * Shape.Width;
        int width = narrow ? Shape.Width : checked((int)((long)Shape.Height * image.Width / image.Height));
        int height = narrow ? checked((int)((long)Shape.Width * image.Height / image.Width)) : Shape.Height;
        image = ImageResize.Resize(image, width, height);
        int left = (int)Math.Round((width - Shape.Width) / 2.0, MidpointRounding.ToEven);
        int top = (int)Math.Round((height - Shape.Height) / 2.0, MidpointRounding.ToEven);
        return image.Crop(left, top, Shape.Width, Shape.Height);
    }
}
