using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using SkiaSharp;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>
/// Decodes JPEG, PNG, BMP, GIF and WebP with SkiaSharp; the format is detected from the content. Pixels are those of Pillow's
/// <c>ImageOps.exif_transpose(image).convert("RGB")</c>: the first frame, upright, alpha dropped (not blended), ICC profiles ignored.
/// </summary>
internal static unsafe class ImageCodec
{
    /// <summary>Images with more pixels are rejected, as in Pillow (decompression bombs).</summary>
    public const long DefaultMaxPixels = 178_956_970;

    // A small file can ask for any number of passes over a large image; real progressive JPEGs have about ten.
    private const int MaxScans = 100;

    // RGBA from Skia, and RGB. An interlaced PNG needs more, so it may have fewer pixels; the coefficients of a progressive JPEG, up to 8 bytes, do not count.
    private const int BytesPerPixel = 7;

    private const int StripBytes = 256 << 10; // fits the L2 cache

    /// <summary>Name and version of the decoder: pixels of another version may differ.</summary>
    public static string Name { get; } = $"skia-{SkiaSharpVersion.Native}";

    /// <summary>Decodes an image to RGB.</summary>
    /// <param name="encoded">The whole file.</param>
    /// <param name="maxPixels">The maximum number of pixels. An image with more, by its header, is rejected before memory is allocated.</param>
    /// <param name="minWidth">
    /// If both minimums are above 0, a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, which is faster, as long as it stays at least this wide and high.
    /// </param>
    /// <param name="minHeight">See <paramref name="minWidth"/>.</param>
    /// <exception cref="ImageDecodeException">The file is truncated, damaged, too large, or of another format.</exception>
    public static DecodedImage Decode(ReadOnlySpan<byte> encoded, long maxPixels = DefaultMaxPixels, int minWidth = 0, int minHeight = 0) =>
        Decode(encoded, maxPixels, minWidth, minHeight, image => image.ToImage());

    /// <summary>Decodes into a pooled buffer, which <paramref name="use"/> may read until it returns.</summary>
    /// <inheritdoc cref="Decode(ReadOnlySpan{byte}, long, int, int)"/>
    public static T Decode<T>(ReadOnlySpan<byte> encoded, long maxPixels, int minWidth, int minHeight, Func<PixelView, T> use)
    {
        if (encoded.IsEmpty)
        {
            throw new ImageDecodeException("The file is empty.");
        }

        fixed (byte* file = encoded)
        {
            using SKData data = SKData.Create((nint)file, encoded.Length); // not a copy
            using SKCodec? codec = SKCodec.Create(data);
            if (
                codec?.EncodedFormat
                is not (
                    SKEncodedImageFormat.Jpeg
                    or SKEncodedImageFormat.Png
                    or SKEncodedImageFormat.Bmp
                    or SKEncodedImageFormat.Gif
                    or SKEncodedImageFormat.Webp
                )
            )
            {
                throw new ImageDecodeException("The file is not a JPEG, PNG, BMP, GIF or WebP image, or its header is damaged.");
            }

            Check(codec, encoded, maxPixels);
            SKEncodedOrigin origin = codec.EncodedFormat == SKEncodedImageFormat.Png ? ImageHeaders.CheckPng(encoded) : codec.EncodedOrigin;
            (SKSizeI size, int shrink) = ChooseSize(codec, origin, minWidth, minHeight);
            int length = 3 * size.Width * size.Height;
            byte[] rgb = Rent(length);
            try
            {
                fixed (byte* target = rgb)
                {
                    DecodePixels(codec, size, origin, target);
                }

                bool transposed = IsTransposed(origin);
                return use(
                    new PixelView(rgb.AsSpan(0, length), transposed ? size.Height : size.Width, transposed ? size.Width : size.Height, 3)
                    {
                        FullWidth = transposed ? codec.Info.Height : codec.Info.Width,
                        FullHeight = transposed ? codec.Info.Width : codec.Info.Height,
                        Shrink = shrink,
                    }
                );
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rgb);
            }
        }
    }

    /// <summary>Encodes 8-bit gray (H*W bytes) or RGB (H*W*3 bytes) pixels as PNG.</summary>
    /// <param name="pixels">[H, W] or [H, W, 3].</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="level">zlib's compression level, 0 (none) to 9 (smallest).</param>
    public static byte[] EncodePng(ReadOnlySpan<byte> pixels, int width, int height, int level = 6)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        long area = (long)width * height;
        if (pixels.Length != area && pixels.Length != 3 * area)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"A {width}x{height} image has {area} bytes (gray) or {3 * area} bytes (RGB), not {pixels.Length}."),
                nameof(pixels)
            );
        }

        bool gray = pixels.Length == area;
        SKImageInfo info = new(width, height, gray ? SKColorType.Gray8 : SKColorType.Rgba8888, SKAlphaType.Opaque);
        using SKBitmap bitmap = new(info, info.RowBytes);
        Span<byte> target = new((void*)bitmap.GetPixels(), checked((int)info.BytesSize));
        if (gray)
        {
            pixels.CopyTo(target);
        }
        else
        {
            for (int i = 0, j = 0; i < pixels.Length; i += 3, j += 4)
            {
                (target[j], target[j + 1], target[j + 2], target[j + 3]) = (pixels[i], pixels[i + 1], pixels[i + 2], 255);
            }
        }

        using SKPixmap pixmap = bitmap.PeekPixels();
        using SKData encoded = pixmap.Encode(new SKPngEncoderOptions(level == 0 ? SKPngEncoderFilterFlags.None : SKPngEncoderFilterFlags.AllFilters, level));
        return encoded.ToArray();
    }

    private static void Check(SKCodec codec, ReadOnlySpan<byte> encoded, long maxPixels)
    {
        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        long most = Math.Min(maxPixels, Array.MaxLength / 3);
        if ((long)width * height > most)
        {
            throw new ImageDecodeException(FormattableString.Invariant($"The image has {width}x{height} pixels, more than the limit of {maxPixels} pixels."));
        }

        if (
            codec.EncodedFormat == SKEncodedImageFormat.Png
            && ImageHeaders.BufferedBytes(encoded) is > 0 and var more
            && (long)width * height * (BytesPerPixel + more) > BytesPerPixel * most
        )
        {
            throw new ImageDecodeException(
                FormattableString.Invariant(
                    $"The image has {width}x{height} pixels and is interlaced; the limit for these is {BytesPerPixel * most / (BytesPerPixel + more)} pixels."
                )
            );
        }

        if (codec.EncodedFormat == SKEncodedImageFormat.Jpeg && ImageHeaders.Scans(encoded) > MaxScans)
        {
            throw new ImageDecodeException(FormattableString.Invariant($"The JPEG has more than {MaxScans} scans."));
        }

        if (codec.EncodedFormat == SKEncodedImageFormat.Gif)
        {
            ImageHeaders.CheckGif(encoded);
        }

        // Skia's incremental decoder accepts a lossy WebP that lacks its last bytes. RIFF: "RIFF", then the number of bytes that follow.
        if (codec.EncodedFormat == SKEncodedImageFormat.Webp && encoded.Length - 8 < BinaryPrimitives.ReadUInt32LittleEndian(encoded[4..]))
        {
            throw new ImageDecodeException("The WebP is truncated.");
        }
    }

    // The smallest of JPEG's fast scales that is large enough. If the image will be rotated or flipped, the scale must divide its size. Otherwise its partial
    // pixels would end up at other edges.
    private static (SKSizeI Size, int Shrink) ChooseSize(SKCodec codec, SKEncodedOrigin origin, int minWidth, int minHeight)
    {
        SKSizeI full = codec.Info.Size;
        if (minWidth > 0 && minHeight > 0 && codec.EncodedFormat == SKEncodedImageFormat.Jpeg)
        {
            if (IsTransposed(origin))
            {
                (minWidth, minHeight) = (minHeight, minWidth);
            }

            for (int shrink = 8; shrink > 1; shrink /= 2)
            {
                SKSizeI size = new((full.Width + shrink - 1) / shrink, (full.Height + shrink - 1) / shrink);
                bool divides = origin == SKEncodedOrigin.TopLeft || (full.Width % shrink == 0 && full.Height % shrink == 0);
                if (divides && size.Width >= minWidth && size.Height >= minHeight && codec.GetScaledDimensions(1f / shrink) == size)
                {
                    return (size, shrink);
                }
            }
        }

        return (full, 1);
    }

    private static void DecodePixels(SKCodec codec, SKSizeI size, SKEncodedOrigin origin, byte* rgb)
    {
        SKImageInfo info = new(size.Width, size.Height, SKColorType.Rgba8888, codec.Info.IsOpaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        if (
            origin == SKEncodedOrigin.TopLeft
            && codec.EncodedFormat == SKEncodedImageFormat.Jpeg
            && info.BytesSize64 > StripBytes
            && codec.StartScanlineDecode(info) == SKCodecResult.Success
        )
        {
            DecodeStrips(codec, info, rgb);
            return;
        }

        byte* rgba = Allocate(info.BytesSize64);
        try
        {
            SKCodecResult result = codec.GetPixels(info, (nint)rgba, info.RowBytes, new SKCodecOptions(SKZeroInitialized.No));
            if (result != SKCodecResult.Success)
            {
                throw Failure(result);
            }

            Orient(rgba, size.Width, size.Height, origin, rgb);
        }
        finally
        {
            NativeMemory.Free(rgba);
        }
    }

    // Strips stay in the cache between decoding and packing, and an RGBA copy of a large image is never allocated.
    private static void DecodeStrips(SKCodec codec, SKImageInfo info, byte* rgb)
    {
        int rows = Math.Clamp(StripBytes / info.RowBytes, 1, info.Height);
        byte* strip = Allocate((long)rows * info.RowBytes);
        try
        {
            for (int y = 0; y < info.Height; y += rows)
            {
                int count = Math.Min(rows, info.Height - y);
                if (codec.GetScanlines((nint)strip, count, info.RowBytes) < count)
                {
                    throw Failure(SKCodecResult.IncompleteInput);
                }

                PackRgb(strip, rgb + (3L * y * info.Width), (long)count * info.Width);
            }
        }
        finally
        {
            NativeMemory.Free(strip);
        }
    }

    private static byte* Allocate(long bytes)
    {
        try
        {
            return (byte*)NativeMemory.Alloc((nuint)bytes);
        }
        catch (OutOfMemoryException e)
        {
            throw NoMemory(e);
        }
    }

    private static byte[] Rent(int bytes)
    {
        try
        {
            return ArrayPool<byte>.Shared.Rent(bytes);
        }
        catch (OutOfMemoryException e)
        {
            throw NoMemory(e);
        }
    }

    private static ImageDecodeException NoMemory(OutOfMemoryException e) => new("There is not enough memory to decode the image.", e);

    private static ImageDecodeException Failure(SKCodecResult result) =>
        new(
            result switch
            {
                SKCodecResult.IncompleteInput => "The image is truncated.",
                _ => $"The image is damaged (Skia's result: {result}).",
            }
        );

    private static bool IsTransposed(SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop;

    // Reads the source in the order of the target's pixels: one start and two steps describe each of the eight orientations.
    private static void Orient(byte* rgba, int width, int height, SKEncodedOrigin origin, byte* rgb)
    {
        long lastRow = (long)width * (height - 1);
        (long start, long step, long rowStep) = origin switch
        {
            SKEncodedOrigin.TopRight => (width - 1L, -1L, width),
            SKEncodedOrigin.BottomRight => (lastRow + width - 1, -1L, -width),
            SKEncodedOrigin.BottomLeft => (lastRow, 1L, -width),
            SKEncodedOrigin.LeftTop => (0L, width, 1L),
            SKEncodedOrigin.RightTop => (lastRow, -width, 1L),
            SKEncodedOrigin.RightBottom => (lastRow + width - 1, -width, -1L),
            SKEncodedOrigin.LeftBottom => (width - 1L, width, -1L),
            _ => (0L, 1L, (long)width),
        };
        if (start == 0 && step == 1 && rowStep == width)
        {
            PackRgb(rgba, rgb, (long)width * height);
            return;
        }

        (int targetWidth, int targetHeight) = IsTransposed(origin) ? (height, width) : (width, height);
        for (int y = 0; y < targetHeight; y++)
        {
            byte* source = rgba + (4 * (start + (y * rowStep)));
            for (int x = 0; x < targetWidth; x++, source += 4 * step, rgb += 3)
            {
                (rgb[0], rgb[1], rgb[2]) = (source[0], source[1], source[2]);
            }
        }
    }

    private static void PackRgb(byte* rgba, byte* rgb, long pixels)
    {
        long i = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            // Four pixels at a time. A store writes 16 bytes, of which 12 count, so the last pixels are packed one by one.
            Vector128<byte> order = Vector128.Create((byte)0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 255, 255, 255, 255);
            for (; i + 6 <= pixels; i += 4)
            {
                Vector128.Store(Vector128.Shuffle(Vector128.Load(rgba + (4 * i)), order), rgb + (3 * i));
            }
        }

        for (; i < pixels; i++)
        {
            (rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]) = (rgba[4 * i], rgba[(4 * i) + 1], rgba[(4 * i) + 2]);
        }
    }
}
