using System.Buffers.Binary;
using System.IO.Compression;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Writes 8-bit gray or RGB pictures as PNG.</summary>
internal static class PngWriter
{
    private static readonly byte[] Signature = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    private static readonly uint[] CrcTable = [.. Enumerable.Range(0, 256).Select(CrcOfByte)];

    /// <param name="stream">Where to.</param>
    /// <param name="pixels">[H, W, C] with one channel (gray) or three (RGB).</param>
    /// <param name="width">Columns.</param>
    /// <param name="height">Rows.</param>
    /// <param name="level">How hard to try to make it small.</param>
    public static void Write(Stream stream, ReadOnlySpan<byte> pixels, int width, int height, CompressionLevel level = CompressionLevel.Optimal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        long area = (long)width * height;
        if (pixels.Length != area && pixels.Length != 3 * area)
            throw new ArgumentException(FormattableString.Invariant($"{pixels.Length} bytes are neither gray nor RGB of {width}x{height}."), nameof(pixels));
        bool gray = pixels.Length == area;
        stream.Write(Signature);
        WriteChunk(stream, "IHDR"u8, Header(width, height, gray));
        WriteChunk(stream, "IDAT"u8, Compress(pixels, gray ? width : 3 * width, level));
        WriteChunk(stream, "IEND"u8, []);
    }

    private static byte[] Header(int width, int height, bool gray)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = 8; // bits a sample
        header[9] = (byte)(gray ? 0 : 2); // colour type
        return header;
    }

    private static byte[] Compress(ReadOnlySpan<byte> pixels, int row, CompressionLevel level)
    {
        using MemoryStream buffer = new();
        using (ZLibStream zlib = new(buffer, level, leaveOpen: true))
        {
            for (int start = 0; start < pixels.Length; start += row)
            {
                zlib.WriteByte(0); // filter "none"
                zlib.Write(pixels.Slice(start, row));
            }
        }
        return buffer.ToArray();
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, ~Crc(Crc(uint.MaxValue, type), data));
        stream.Write(number);
    }

    private static uint Crc(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte value in data)
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        return crc;
    }

    private static uint CrcOfByte(int value)
    {
        uint crc = (uint)value;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
        return crc;
    }
}
