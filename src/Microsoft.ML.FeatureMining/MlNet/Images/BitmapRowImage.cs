using System.Security.Cryptography;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Images;

/// <summary>The pixels of an MLImage.</summary>
internal sealed class BitmapRowImage : RowImage
{
    private readonly ImagePreprocessing _preprocessing;
    private readonly DecodedImage? _image;

    public BitmapRowImage(MLImage? image, ImagePreprocessing preprocessing)
        : this(image is null ? null : ToRgb(image), preprocessing)
    {
    }

    private BitmapRowImage(DecodedImage? image, ImagePreprocessing preprocessing)
    {
        (_image, _preprocessing) = (image, preprocessing);
    }

    public override long Bytes => _image?.Pixels.LongLength ?? 0;

    public override byte[] ContentHash() => _image is null ? [] : SHA256.HashData([.. BitConverter.GetBytes(_image.Width), .. _image.Pixels]);

    public override RowImage For(ImagePreprocessing other) => new BitmapRowImage(_image, other);

    protected override int PixelBytes => _preprocessing.Shape.Length;

    public override void Read(Memory<byte> pixels) =>
        _preprocessing.Apply(_image ?? throw new ImageDecodeException("There is no picture: the value is missing."), pixels.Span);

    private static DecodedImage ToRgb(MLImage image)
    {
        (int red, int blue) = image.PixelFormat switch
        {
            MLPixelFormat.Rgba32 => (0, 2),
            MLPixelFormat.Bgra32 => (2, 0),
            _ => throw new ImageDecodeException($"An MLImage of pixel format {image.PixelFormat} is neither Rgba32 nor Bgra32."),
        };
        ReadOnlySpan<byte> pixels = image.Pixels;
        var rgb = new byte[checked(image.Width * image.Height * 3)];
        for (int from = 0, to = 0; to < rgb.Length; from += 4, to += 3)
            (rgb[to], rgb[to + 1], rgb[to + 2]) = (pixels[from + red], pixels[from + 1], pixels[from + blue]);
        return new DecodedImage(image.Width, image.Height, 3, rgb);
    }
}
