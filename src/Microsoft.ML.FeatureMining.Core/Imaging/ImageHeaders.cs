using System.Buffers.Binary;
using SkiaSharp;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>Checks of image headers that Skia does not make.</summary>
internal static class ImageHeaders
{
    /// <summary>The number of scans of a JPEG, counted as libjpeg finds markers.</summary>
    public static int Scans(ReadOnlySpan<byte> jpeg)
    {
        const byte marker = 0xFF,
            endOfImage = 0xD9,
            startOfScan = 0xDA;
        int scans = 0;
        ReadOnlySpan<byte> rest = jpeg;
        while (rest.IndexOf(marker) is >= 0 and int next)
        {
            // Any number of 0xFF may come before a marker's code.
            rest = rest[next..].TrimStart(marker);
            if (rest.IsEmpty || rest[0] == endOfImage)
            {
                break;
            }

            byte code = rest[0];
            scans += code == startOfScan ? 1 : 0;
            // A byte 0xFF of entropy-coded data, TEM, RSTn and SOI have no length.
            int length =
                code is 0x00 or 0x01 or (>= 0xD0 and <= 0xD8) ? 0
                : rest.Length < 3 ? rest.Length
                : BinaryPrimitives.ReadUInt16BigEndian(rest[1..]);
            rest = rest[Math.Min(1 + length, rest.Length)..];
        }

        return scans;
    }

    /// <summary>The bytes for each pixel that Skia needs besides the decoded image, because an interlaced PNG is complete only at its end; else 0.</summary>
    public static int BufferedBytes(ReadOnlySpan<byte> png)
    {
        const int depth = 24,
            interlace = 28;
        return png.Length <= interlace || png[interlace] == 0 ? 0
            : png[depth] == 16 ? 8
            : 4;
    }

    /// <summary>
    /// Reads the orientation from a PNG's eXIf chunk, which Skia ignores and which may come after the pixels. Also detects truncated files: Skia accepts a file
    /// without the checksum of its last pixels.
    /// </summary>
    /// <exception cref="ImageDecodeException">The PNG is truncated.</exception>
    public static SKEncodedOrigin CheckPng(ReadOnlySpan<byte> png)
    {
        SKEncodedOrigin origin = SKEncodedOrigin.TopLeft;
        int at = 8;
        while (at + 8 <= png.Length)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(png[at..]);
            ReadOnlySpan<byte> type = png.Slice(at + 4, 4);
            if (length + 12L > png.Length - at)
            {
                return type.SequenceEqual("IDAT"u8) ? throw new ImageDecodeException("The PNG is truncated.") : origin;
            }

            if (type.SequenceEqual("eXIf"u8))
            {
                origin = ExifOrientation(png.Slice(at + 8, (int)length));
            }

            at += 12 + (int)length;
        }

        return origin;
    }

    /// <summary>Rejects a GIF without a color table. Skia decodes it to black, even if its pixels are missing.</summary>
    /// <exception cref="ImageDecodeException">The first frame has no color table.</exception>
    public static void CheckGif(ReadOnlySpan<byte> gif)
    {
        const int screen = 13,
            frame = 10;
        const byte extension = (byte)'!',
            image = (byte)',';
        if (gif.Length < screen || HasColorTable(gif[10]))
        {
            return;
        }

        int at = screen;
        while (at + 2 <= gif.Length && gif[at] == extension)
        {
            at += 2;
            while (at < gif.Length && gif[at] != 0)
            {
                at += 1 + gif[at];
            }

            at++;
        }

        if (at + frame > gif.Length || gif[at] != image || !HasColorTable(gif[at + frame - 1]))
        {
            throw new ImageDecodeException("The GIF is damaged: its first frame has no color table.");
        }

        static bool HasColorTable(byte flags) => (flags & 0x80) != 0;
    }

    // Tag 0x0112 of the first directory of a TIFF structure.
    private static SKEncodedOrigin ExifOrientation(ReadOnlySpan<byte> exif)
    {
        const int header = 8,
            entrySize = 12,
            orientationTag = 0x0112,
            typeShort = 3;
        ReadOnlySpan<byte> tiff = exif.StartsWith("Exif\0\0"u8) ? exif[6..] : exif;
        bool littleEndian = tiff.StartsWith("II*\0"u8);
        if (tiff.Length < header || (!littleEndian && !tiff.StartsWith("MM\0*"u8)))
        {
            return SKEncodedOrigin.TopLeft;
        }

        uint directory = littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return SKEncodedOrigin.TopLeft;
        }

        int count = Number(tiff[(int)directory..]);
        for (ReadOnlySpan<byte> entries = tiff[((int)directory + 2)..]; count > 0 && entries.Length >= entrySize; entries = entries[entrySize..], count--)
        {
            if (Number(entries) == orientationTag && Number(entries[2..]) == typeShort && Number(entries[8..]) is >= 1 and <= 8 and int orientation)
            {
                return (SKEncodedOrigin)orientation;
            }
        }

        return SKEncodedOrigin.TopLeft;

        int Number(ReadOnlySpan<byte> bytes) => littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }
}
