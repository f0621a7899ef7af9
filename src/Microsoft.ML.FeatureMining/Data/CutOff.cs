using System.Buffers.Binary;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Tells by its structure whether a picture file ends before its first picture does; ImageSharp fills what such a file lacks and says nothing.</summary>
internal static class CutOff
{
    /// <summary>Segments and scans must lead to an end marker.</summary>
    public static bool Jpeg(ReadOnlySpan<byte> file)
    {
        const byte startOfScan = 0xDA, endOfImage = 0xD9;
        for (int at = 2; at + 2 <= file.Length;)
        {
            byte marker = file[at + 1];
            if (file[at] != 0xFF || marker == endOfImage)
                return file[at] != 0xFF;
            if (marker == 0xFF)
                at++;
            else if (at + 4 > file.Length)
                return true;
            else
            {
                at += 2 + BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
                if (marker == startOfScan)
                    at = EndOfScan(file, at);
            }
        }
        return true;
    }

    /// <summary>Blocks must lead to the last block of the first frame.</summary>
    public static bool Gif(ReadOnlySpan<byte> file)
    {
        const int screen = 13, frame = 10;
        const byte extension = (byte)'!', image = (byte)',';
        if (file.Length < screen)
            return true;
        int at = screen + ColorTable(file[10]);
        while (at + 2 <= file.Length && file[at] == extension)
            at = EndOfBlocks(file, at + 2);
        if (at + frame > file.Length || file[at] != image)
            return true;
        at += frame + ColorTable(file[at + frame - 1]) + 1;
        return EndOfBlocks(file, at) > file.Length;
    }

    /// <summary>The container must be as long as it says.</summary>
    public static bool WebP(ReadOnlySpan<byte> file) => file.Length < 12 || file.Length - 8 < BinaryPrimitives.ReadUInt32LittleEndian(file[4..]);

    /// <summary>All rows must be there; of compressed ones the decoder itself knows.</summary>
    public static bool Bmp(ReadOnlySpan<byte> file)
    {
        const int oldHeader = 12;
        if (file.Length < 34)
            return true;
        bool old = BinaryPrimitives.ReadUInt32LittleEndian(file[14..]) == oldHeader;
        long width = old ? BinaryPrimitives.ReadUInt16LittleEndian(file[18..]) : BinaryPrimitives.ReadInt32LittleEndian(file[18..]);
        long height = old ? BinaryPrimitives.ReadUInt16LittleEndian(file[20..]) : Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(file[22..]));
        int bits = BinaryPrimitives.ReadUInt16LittleEndian(file[(old ? 24 : 28)..]);
        bool runs = !old && BinaryPrimitives.ReadUInt32LittleEndian(file[30..]) is 1 or 2;
        return !runs && BinaryPrimitives.ReadUInt32LittleEndian(file[10..]) + (((width * bits) + 31) / 32 * 4 * height) > file.Length;
    }

    // In a scan 0xFF is followed by zero, a restart marker or more of its kind.
    private static int EndOfScan(ReadOnlySpan<byte> file, int at)
    {
        while (at + 1 < file.Length && (file[at] != 0xFF || file[at + 1] is 0 or 0xFF or (>= 0xD0 and <= 0xD7)))
            at++;
        return at;
    }

    private static int ColorTable(byte flags) => (flags & 0x80) != 0 ? 3 << ((flags & 7) + 1) : 0;

    // Each block says its length; an empty one is the last.
    private static int EndOfBlocks(ReadOnlySpan<byte> file, int at)
    {
        while (at < file.Length && file[at] != 0)
            at += 1 + file[at];
        return at + 1;
    }
}
