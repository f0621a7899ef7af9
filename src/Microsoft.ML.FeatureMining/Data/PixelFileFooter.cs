using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// The last bytes of a file of pixels, little-endian: magic, version, bytes of an image, rows, bytes of notes, and a hash of all that is neither pixels nor itself. Before it lie
/// the pixels, a checksum of each row, and the notes. At the end, because nobody knows how many rows there will be; a file without one was never finished.
/// </summary>
internal readonly record struct PixelFileFooter(int ImageBytes, long Rows, int NotesBytes)
{
    public const int Size = FactsSize + SHA256.HashSizeInBytes;

    private const ulong Magic = 0x5358_4950_464D_4C4D; // "MLMFPIXS"
    private const int Version = 3;
    private const int FactsSize = sizeof(ulong) + sizeof(int) + sizeof(int) + sizeof(long) + sizeof(int);

    /// <summary>Where the checksums begin.</summary>
    public long PixelBytes => Rows * ImageBytes;

    public long TailBytes => (Rows * sizeof(ulong)) + NotesBytes;

    public byte[] ToBytes(ReadOnlySpan<byte> tail)
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), ImageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Rows);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), NotesBytes);
        Hash(bytes, tail, bytes.AsSpan(FactsSize));
        return bytes;
    }

    /// <exception cref="InvalidDataException">It is none, or of another version, or does not fit a file of that length.</exception>
    public static PixelFileFooter Read(ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
            throw new InvalidDataException("It was never finished, or is cut off.");
        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) is var version && version != Version)
            throw new InvalidDataException(FormattableString.Invariant($"Its format is {version}; this library reads {Version}."));
        PixelFileFooter footer = new(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]), BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]), BinaryPrimitives.ReadInt32LittleEndian(bytes[24..]));
        // Bounds first: no product may overflow, and what is allocated for the tail is never more than the file has.
        bool fits = footer is { ImageBytes: > 0, Rows: >= 0 and <= int.MaxValue, NotesBytes: >= 0 } && footer.TailBytes <= Array.MaxLength
            && footer.PixelBytes + footer.TailBytes + Size == fileLength;
        return fits ? footer : throw new InvalidDataException("Its length is not what its footer says.");
    }

    /// <exception cref="InvalidDataException">The tail is not the one that was written.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> tail)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(bytes, tail, hash);
        if (!hash.SequenceEqual(bytes[FactsSize..Size]))
            throw new InvalidDataException("What it says of its images is damaged.");
    }

    private static void Hash(ReadOnlySpan<byte> facts, ReadOnlySpan<byte> tail, Span<byte> hash)
    {
        using IncrementalHash sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(facts[..FactsSize]);
        sum.AppendData(tail);
        sum.GetHashAndReset(hash);
    }
}
