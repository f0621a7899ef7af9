using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>A decoded image: 8-bit interleaved pixels, [H,W,C].</summary>
internal sealed class DecodedImage
{
    public DecodedImage(int width, int height, int channels, byte[] pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        if (pixels.LongLength != (long)width * height * channels)
        {
            throw new ArgumentException(
                FormattableString.Invariant(
                    $"A {width}x{height} image with {channels} channels has {(long)width * height * channels} bytes, not {pixels.LongLength}."
                ),
                nameof(pixels)
            );
        }

        (Width, Height, Channels, Pixels) = (width, height, channels, pixels);
        (FullWidth, FullHeight) = (width, height);
    }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    public byte[] Pixels { get; } // [H, W, C]

    /// <summary>The width of the image in its file. A decoder may return a smaller image.</summary>
    public int FullWidth { get; init; }

    /// <summary>The height of the image in its file.</summary>
    public int FullHeight { get; init; }

    /// <summary>How many pixels of the file make one pixel along each axis. At the right and lower edge there may be fewer.</summary>
    public int Shrink { get; init; } = 1;

    /// <summary>ITU-R 601 luma in 16-bit fixed point, rounded.</summary>
    public DecodedImage ToGray()
    {
        if (Channels == 1)
        {
            return this;
        }

        var gray = new byte[Width * Height];
        for (int i = 0, j = 0; i < gray.Length; i++, j += 3)
        {
            gray[i] = (byte)(((Pixels[j] * 19595) + (Pixels[j + 1] * 38470) + (Pixels[j + 2] * 7471) + 0x8000) >> 16);
        }

        return new DecodedImage(Width, Height, 1, gray)
        {
            FullWidth = FullWidth,
            FullHeight = FullHeight,
            Shrink = Shrink,
        };
    }

    /// <summary>The same pixels as [C, H, W].</summary>
    public byte[] ToPlanar()
    {
        if (Channels == 1)
        {
            return Pixels;
        }

        byte[] planar = GC.AllocateUninitializedArray<byte>(Pixels.Length);
        PlanarLayout.Split(Pixels, Channels, planar);
        return planar;
    }
}

/// <summary>A view of an image or a part of one, without a copy: 8-bit interleaved pixels, row by row.</summary>
internal readonly ref struct PixelView
{
    public PixelView(ReadOnlySpan<byte> pixels, int width, int height, int channels)
    {
        Pixels = pixels;
        (Width, Height, Channels, Stride) = (width, height, channels, width * channels);
        (FullWidth, FullHeight) = (width, height);
    }

    /// <summary>The pixels, starting at the first one of the view.</summary>
    public ReadOnlySpan<byte> Pixels { get; }

    public int Width { get; }

    public int Height { get; }

    public int Channels { get; }

    /// <summary>Bytes from one row to the next.</summary>
    public int Stride { get; private init; }

    /// <inheritdoc cref="DecodedImage.FullWidth"/>
    public int FullWidth { get; init; }

    /// <inheritdoc cref="DecodedImage.FullHeight"/>
    public int FullHeight { get; init; }

    /// <inheritdoc cref="DecodedImage.Shrink"/>
    public int Shrink { get; init; } = 1;

    public static implicit operator PixelView(DecodedImage image) =>
        new(image.Pixels, image.Width, image.Height, image.Channels)
        {
            FullWidth = image.FullWidth,
            FullHeight = image.FullHeight,
            Shrink = image.Shrink,
        };

    /// <summary>A view of a box, which must be inside this view.</summary>
    public PixelView Part(PixelBox box) => new(Pixels[((box.Top * Stride) + (box.Left * Channels))..], box.Width, box.Height, Channels) { Stride = Stride };

    /// <summary>The pixels of one row.</summary>
    public ReadOnlySpan<byte> Row(int y) => Pixels.Slice(y * Stride, Width * Channels);

    /// <summary>Copies the pixels into an image of their own.</summary>
    public DecodedImage ToImage()
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(Width * Height * Channels));
        for (int y = 0; y < Height; y++)
        {
            Row(y).CopyTo(pixels.AsSpan(y * Width * Channels));
        }

        return new DecodedImage(Width, Height, Channels, pixels)
        {
            FullWidth = FullWidth,
            FullHeight = FullHeight,
            Shrink = Shrink,
        };
    }
}

/// <summary>The size of an image and a hash of its content.</summary>
/// <param name="Width">Columns of the upright image.</param>
/// <param name="Height">Rows of the upright image.</param>
/// <param name="Digest">A hash of size and pixels. Files with the same image have the same hash.</param>
internal readonly record struct ImageFacts(int Width, int Height, UInt128 Digest)
{
    /// <exception cref="ImageDecodeException">The bytes cannot be decoded as an image.</exception>
    public static ImageFacts Of(ReadOnlySpan<byte> encoded, long maxPixels)
    {
        return ImageCodec.Decode(
            encoded,
            maxPixels,
            minWidth: 0,
            minHeight: 0,
            image =>
            {
                using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                Span<byte> size = stackalloc byte[2 * sizeof(int)];
                BinaryPrimitives.WriteInt32LittleEndian(size, image.Width);
                BinaryPrimitives.WriteInt32LittleEndian(size[sizeof(int)..], image.Height);
                hash.AppendData(size);
                hash.AppendData(image.Pixels);
                return new ImageFacts(image.Width, image.Height, BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset()));
            }
        );
    }
}

/// <summary>Converts between interleaved [H,W,C] and planar [C,H,W] pixels.</summary>
internal static class PlanarLayout
{
    private const int Lane = 16;
    private const byte None = 255;

    /// <summary>From [C,H,W] to [H,W,3]; the channels of a gray image are equal.</summary>
    public static void Join(ReadOnlySpan<byte> planes, int channels, Span<byte> pixels)
    {
        const int rgb = 3;
        int plane = planes.Length / channels;
        for (int channel = 0; channel < rgb; channel++)
        {
            ReadOnlySpan<byte> from = planes.Slice(channel % channels * plane, plane);
            for (int i = 0; i < from.Length; i++)
            {
                pixels[(i * rgb) + channel] = from[i];
            }
        }
    }

    /// <summary>From [H,W,C] to [C,H,W].</summary>
    public static void Split(ReadOnlySpan<byte> pixels, int channels, Span<byte> planes)
    {
        int plane = pixels.Length / channels;
        if (channels == 3)
        {
            Split(pixels, planes[..plane], planes.Slice(plane, plane), planes[(2 * plane)..]);
            return;
        }
        for (int i = 0; i < pixels.Length; i++)
        {
            planes[i] = pixels[(i % plane * channels) + (i / plane)];
        }
    }

    private static void Split(ReadOnlySpan<byte> rgb, Span<byte> red, Span<byte> green, Span<byte> blue)
    {
        int at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte source = ref MemoryMarshal.GetReference(rgb);
            for (; at <= red.Length - Lane; at += Lane)
            {
                nuint from = (nuint)(3 * at);
                (Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) = (
                    Vector128.LoadUnsafe(ref source, from),
                    Vector128.LoadUnsafe(ref source, from + Lane),
                    Vector128.LoadUnsafe(ref source, from + (2 * Lane))
                );
                // Every third of 48 bytes, starting at the first, the second and the third byte.
                (
                    Vector128.Shuffle(a, Vector128.Create(0, 3, 6, 9, 12, 15, None, None, None, None, None, None, None, None, None, None))
                    | Vector128.Shuffle(b, Vector128.Create(None, None, None, None, None, None, 2, 5, 8, 11, 14, None, None, None, None, None))
                    | Vector128.Shuffle(c, Vector128.Create(None, None, None, None, None, None, None, None, None, None, None, 1, 4, 7, 10, 13))
                ).CopyTo(red[at..]);
                (
                    Vector128.Shuffle(a, Vector128.Create(1, 4, 7, 10, 13, None, None, None, None, None, None, None, None, None, None, None))
                    | Vector128.Shuffle(b, Vector128.Create(None, None, None, None, None, 0, 3, 6, 9, 12, 15, None, None, None, None, None))
                    | Vector128.Shuffle(c, Vector128.Create(None, None, None, None, None, None, None, None, None, None, None, 2, 5, 8, 11, 14))
                ).CopyTo(green[at..]);
                (
                    Vector128.Shuffle(a, Vector128.Create(2, 5, 8, 11, 14, None, None, None, None, None, None, None, None, None, None, None))
                    | Vector128.Shuffle(b, Vector128.Create(None, None, None, None, None, 1, 4, 7, 10, 13, None, None, None, None, None, None))
                    | Vector128.Shuffle(c, Vector128.Create(None, None, None, None, None, None, None, None, None, None, 0, 3, 6, 9, 12, 15))
                ).CopyTo(blue[at..]);
            }
        }
        for (; at < red.Length; at++)
        {
            (red[at], green[at], blue[at]) = (rgb[3 * at], rgb[(3 * at) + 1], rgb[(3 * at) + 2]);
        }
    }

    /// <summary>Interleaves sixteen values of each channel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<byte> First, Vector128<byte> Second, Vector128<byte> Third) Join(
        Vector128<byte> red,
        Vector128<byte> green,
        Vector128<byte> blue
    ) =>
        (
            Vector128.Shuffle(red, Vector128.Create(0, None, None, 1, None, None, 2, None, None, 3, None, None, 4, None, None, 5))
                | Vector128.Shuffle(green, Vector128.Create(None, 0, None, None, 1, None, None, 2, None, None, 3, None, None, 4, None, None))
                | Vector128.Shuffle(blue, Vector128.Create(None, None, 0, None, None, 1, None, None, 2, None, None, 3, None, None, 4, None)),
            Vector128.Shuffle(red, Vector128.Create(None, None, 6, None, None, 7, None, None, 8, None, None, 9, None, None, 10, None))
                | Vector128.Shuffle(green, Vector128.Create(5, None, None, 6, None, None, 7, None, None, 8, None, None, 9, None, None, 10))
                | Vector128.Shuffle(blue, Vector128.Create(None, 5, None, None, 6, None, None, 7, None, None, 8, None, None, 9, None, None)),
            Vector128.Shuffle(red, Vector128.Create(None, 11, None, None, 12, None, None, 13, None, None, 14, None, None, 15, None, None))
                | Vector128.Shuffle(green, Vector128.Create(None, None, 11, None, None, 12, None, None, 13, None, None, 14, None, None, 15, None))
                | Vector128.Shuffle(blue, Vector128.Create(10, None, None, 11, None, None, 12, None, None, 13, None, None, 14, None, None, 15))
        );
}
