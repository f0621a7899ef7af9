#if IMAGESHARP
using System.Buffers.Binary;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.Formats;
using SixLabors.ImageSharp.Formats.Bmp;
using SixLabors.ImageSharp.Formats.Gif;
using SixLabors.ImageSharp.Formats.Jpeg;
using SixLabors.ImageSharp.Formats.Png;
using SixLabors.ImageSharp.Formats.Webp;
using SixLabors.ImageSharp.PixelFormats;
using SixLabors.ImageSharp.Processing;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Picture files (JPEG, PNG, BMP, GIF, WebP, told by their first bytes) to pixels, over ImageSharp.</summary>
internal static class ImageCodec
{
    /// <summary>Which decoder this is: another one's pixels may differ in the last bit.</summary>
    public const string Name = "imagesharp";

    /// <summary>Above this many pixels a header is taken for an attack, as Pillow does.</summary>
    public const long DefaultMaxPixels = 178_956_970;

    // Only what the native codec reads too. ImageSharp's TGA and PBM know no magic number and take noise for pictures.
    private static readonly DecoderOptions Options = new()
    {
        MaxFrames = 1,
        Configuration = new Configuration(
            new JpegConfigurationModule(), new PngConfigurationModule(), new BmpConfigurationModule(), new GifConfigurationModule(), new WebpConfigurationModule()),
    };

    /// <summary>Decodes the first picture, turned upright as its EXIF orientation says, transparency dropped.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="maxPixels">Larger pictures are refused before memory is taken.</param>
    /// <param name="minWidth">Where both are more than 0, a picture that is larger than this may come smaller, but not below it: that spares a decoder work.</param>
    /// <param name="minHeight">The same, of its rows.</param>
    /// <returns>RGB.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no whole picture of a format that can be read.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> encoded, long maxPixels = DefaultMaxPixels, int minWidth = 0, int minHeight = 0)
    {
        if (encoded.IsEmpty)
            throw new ImageDecodeException("The file is empty.");
        try
        {
            ImageInfo info = Image.Identify(Options, encoded);
            if ((long)info.Width * info.Height > Math.Min(maxPixels, int.MaxValue / 4))
                throw new ImageDecodeException(FormattableString.Invariant($"The picture of {info.Width}x{info.Height} pixels is larger than the limit of {maxPixels} pixels."));
            if (IsCutOff(encoded, info.Metadata.DecodedImageFormat))
                throw new ImageDecodeException($"The {info.Metadata.DecodedImageFormat!.Name} is cut off.");
            if (info.Metadata.DecodedImageFormat is JpegFormat && IsArithmeticProgressive(encoded))
                throw new ImageDecodeException("The JPEG is progressive and arithmetic-coded, which ImageSharp reads wrongly.");
            return IsDeepGray(info) ? DecodeDeepGray(encoded) : DecodeColor(encoded, info, minWidth, minHeight);
        }
        catch (UnknownImageFormatException problem)
        {
            throw new ImageDecodeException("The file is no JPEG, PNG, BMP, GIF or WebP picture.", problem);
        }
        // Damaged files also surface as IndexOutOfRangeException and the like.
        catch (Exception problem) when (problem is not ImageDecodeException and not OutOfMemoryException)
        {
            throw new ImageDecodeException($"The picture is damaged or cut off: {problem.Message}", problem);
        }
    }

    /// <summary>The same for who needs the pixels only for a moment.</summary>
    public static T Decode<T>(ReadOnlySpan<byte> encoded, long maxPixels, int minWidth, int minHeight, Func<PixelView, T> use) =>
        use(Decode(encoded, maxPixels, minWidth, minHeight));

    private static DecodedImage DecodeColor(ReadOnlySpan<byte> encoded, ImageInfo info, int minWidth, int minHeight)
    {
        // One that is to be turned could come out with its fractions of pixels at other edges.
        bool shrinks = minWidth > 0 && minHeight > 0 && info.Metadata is { DecodedImageFormat: JpegFormat, ExifProfile: null };
        using Image<Rgb24> image = shrinks ? DecodeSmaller(encoded, minWidth, minHeight) : Image.Load<Rgb24>(Options, encoded);
        image.Mutate(context => context.AutoOrient());
        var pixels = new byte[3 * image.Width * image.Height];
        image.CopyPixelDataTo(pixels);
        return shrinks
            ? new DecodedImage(image.Width, image.Height, 3, pixels) { FullWidth = info.Width, FullHeight = info.Height, Shrink = ShrinkOf(info, image) }
            : new DecodedImage(image.Width, image.Height, 3, pixels);
    }

    // By the inverse transform alone, to a half, a quarter or an eighth: the smallest that leaves enough.
    private static Image<Rgb24> DecodeSmaller(ReadOnlySpan<byte> encoded, int minWidth, int minHeight)
    {
        DecoderOptions options = new() { MaxFrames = 1, Configuration = Options.Configuration, TargetSize = new Size(minWidth, minHeight) };
        using MemoryStream stream = new(encoded.ToArray());
        return JpegDecoder.Instance.Decode<Rgb24>(new JpegDecoderOptions { GeneralOptions = options, ResizeMode = JpegDecoderResizeMode.IdctOnly }, stream);
    }

    private static int ShrinkOf(ImageInfo info, Image<Rgb24> image) =>
        Array.Find([1, 2, 4, 8], shrink => (info.Width + shrink - 1) / shrink == image.Width && (info.Height + shrink - 1) / shrink == image.Height);

    // The frame's marker comes before the first scan.
    private static bool IsArithmeticProgressive(ReadOnlySpan<byte> jpeg)
    {
        const byte frame = 0xCA, startOfScan = 0xDA;
        for (int at = 2; at + 4 <= jpeg.Length && jpeg[at] == 0xFF && jpeg[at + 1] != startOfScan;)
        {
            if (jpeg[at + 1] == frame)
                return true;
            at += jpeg[at + 1] == 0xFF ? 1 : 2 + BinaryPrimitives.ReadUInt16BigEndian(jpeg[(at + 2)..]);
        }
        return false;
    }

    private static bool IsDeepGray(ImageInfo info) =>
        info.Metadata.DecodedImageFormat is PngFormat
        && info.Metadata.GetPngMetadata() is { BitDepth: PngBitDepth.Bit16, ColorType: PngColorType.Grayscale };

    // Pillow clips 16-bit grays at 255, and so do we.
    private static DecodedImage DecodeDeepGray(ReadOnlySpan<byte> encoded)
    {
        using Image<L16> image = Image.Load<L16>(Options, encoded);
        image.Mutate(context => context.AutoOrient());
        var grays = new L16[image.Width * image.Height];
        image.CopyPixelDataTo(grays);
        var pixels = new byte[3 * grays.Length];
        for (int i = 0; i < grays.Length; i++)
            pixels.AsSpan(3 * i, 3).Fill((byte)Math.Min((int)grays[i].PackedValue, 255));
        return new DecodedImage(image.Width, image.Height, 3, pixels);
    }

    private static bool IsCutOff(ReadOnlySpan<byte> encoded, IImageFormat? format) => format switch
    {
        JpegFormat => CutOff.Jpeg(encoded),
        BmpFormat => CutOff.Bmp(encoded),
        GifFormat => CutOff.Gif(encoded),
        WebpFormat => CutOff.WebP(encoded),
        _ => false,
    };
}
#endif
