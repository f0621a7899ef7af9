#if !IMAGESHARP
using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Picture files (JPEG, PNG, BMP, GIF, WebP, told by their first bytes) to pixels, over libjpeg-turbo, libpng, giflib and libwebp.</summary>
internal static unsafe class ImageCodec
{
    /// <summary>Which decoder this is: another one's pixels may differ in the last bit.</summary>
    public const string Name = "native";

    /// <summary>Above this many pixels a header is taken for an attack, as Pillow does.</summary>
    public const long DefaultMaxPixels = 178_956_970;

    private const int ErrorCapacity = 512;

    /// <summary>Decodes the first picture, turned upright as its EXIF orientation says, transparency dropped.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="maxPixels">Larger pictures are refused before memory is taken.</param>
    /// <param name="minWidth">Where both are more than 0, a picture that is larger than this may come smaller, but not below it: that spares a decoder work.</param>
    /// <param name="minHeight">The same, of its rows.</param>
    /// <returns>RGB.</returns>
    /// <exception cref="ImageDecodeException">The bytes are no whole picture of a format that can be read.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> encoded, long maxPixels = DefaultMaxPixels, int minWidth = 0, int minHeight = 0) =>
        Decode(encoded, maxPixels, minWidth, minHeight, picture => picture.ToImage());

    /// <summary>The same for who needs the pixels only for a moment: nothing is copied.</summary>
    public static T Decode<T>(ReadOnlySpan<byte> encoded, long maxPixels, int minWidth, int minHeight, Func<PixelView, T> use)
    {
        NativeImage image;
        byte* error = stackalloc byte[ErrorCapacity];
        int status;
        fixed (byte* bytes = encoded)
            status = mlnetfm_image_decode(bytes, encoded.Length, maxPixels, minWidth, minHeight, PixelLayout.Rgb, 1, &image, error, ErrorCapacity);
        if (status != 0)
            throw new ImageDecodeException(Marshal.PtrToStringUTF8((nint)error) ?? "The picture cannot be read.");
        try
        {
            ReadOnlySpan<byte> pixels = new(image.Pixels, checked(image.Width * image.Height * 3));
            return use(new PixelView(pixels, image.Width, image.Height, 3) { FullWidth = image.FullWidth, FullHeight = image.FullHeight, Shrink = image.Shrink });
        }
        finally
        {
            mlnetfm_image_free(image.Pixels);
        }
    }

    [DllImport("mlnetfm_image", ExactSpelling = true)]
    private static extern int mlnetfm_image_decode(
        byte* bytes, long length, long maxPixels, int minWidth, int minHeight, PixelLayout layout, int upright, NativeImage* image, byte* error, int errorCapacity);

    [DllImport("mlnetfm_image", ExactSpelling = true)]
    private static extern void mlnetfm_image_free(byte* pixels);

    private enum PixelLayout
    {
        Rgb = 0,
    }

    private struct NativeImage
    {
        public byte* Pixels;
        public int Width;
        public int Height;
        public int FullWidth;
        public int FullHeight;
        public int Shrink;
    }
}
#endif
