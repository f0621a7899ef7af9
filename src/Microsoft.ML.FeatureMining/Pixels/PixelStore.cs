using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Where the pixels of a set lie: in memory, in a file, or still in the pictures that they are decoded from. Any number of passes may go on at once.</summary>
internal abstract class PixelStore : IDisposable
{
    /// <summary>Rows, each the pixels of one image.</summary>
    public abstract int Count { get; }

    /// <summary>Where <see cref="Read"/> takes the memory of a batch from.</summary>
    public BatchMemory Memory { get; } = new();

    /// <summary>How far a row may lie ahead of the place at which it is asked for; shuffling keeps to it.</summary>
    public virtual int ShuffleWindow => int.MaxValue;

    /// <summary><see cref="ChecksumOf"/> the pixels of a row, the same in every store.</summary>
    public abstract ulong Checksum(int row);

    /// <summary>XXH3, 64 bits: finds damage and changed images. Another algorithm needs another version of the pixel file (<see cref="PixelFileFooter"/>).</summary>
    public static ulong ChecksumOf(ReadOnlySpan<byte> pixels) => XxHash3.HashToUInt64(pixels);

    /// <summary>One pass over rows, batch by batch: for each batch the pixels of its rows, one after another.</summary>
    public abstract IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches);

    /// <summary>Lets go of what it holds; nobody may read any more.</summary>
    public virtual void Dispose()
    {
    }
}

/// <summary>Pixels in memory, in chunks of many images each: one array holds at most 2 GB, and a growing one is held twice while it is copied.</summary>
internal sealed class MemoryPixels(int imageBytes) : PixelStore
{
    private const int ChunkBytes = 16 << 20;

    private readonly int _imagesPerChunk = Math.Max(1, ChunkBytes / imageBytes);
    private readonly List<byte[]> _chunks = [];
    private int _count;

    public override int Count => _count;

    /// <summary>The memory that it takes.</summary>
    public long Bytes => _chunks.Sum(chunk => chunk.LongLength);

    public void Add(ReadOnlySpan<byte> image) => image.CopyTo(NextSlot());

    public override ulong Checksum(int row) => ChecksumOf(Row(row));

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) => batches.Select(Gather);

    private byte[] Gather(int[] rows)
    {
        byte[] pixels = Memory.Take(checked(rows.Length * imageBytes));
        for (int i = 0; i < rows.Length; i++)
            Row(rows[i]).CopyTo(pixels.AsSpan(i * imageBytes));
        return pixels;
    }

    private ReadOnlySpan<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, _count);
        return _chunks[row / _imagesPerChunk].AsSpan(row % _imagesPerChunk * imageBytes, imageBytes);
    }

    private Span<byte> NextSlot()
    {
        int slot = _count++ % _imagesPerChunk;
        if (slot == 0)
            _chunks.Add(new byte[imageBytes]);
        byte[] chunk = _chunks[^1];
        int end = (slot + 1) * imageBytes;
        if (end > chunk.Length)
        {
            Array.Resize(ref chunk, (int)Math.Min(2L * chunk.Length, (long)_imagesPerChunk * imageBytes));
            _chunks[^1] = chunk;
        }
        return chunk.AsSpan(end - imageBytes, imageBytes);
    }
}

/// <summary>
/// Pixels in a file, of which the system keeps in memory what there is room for. Rows are read at their place, not through a map of the file: a disk that fails, or a file that
/// somebody cuts, is then an exception and not the end of the process, and the pages that were read do not count as the process's own. Each row is checked as it is read.
/// </summary>
internal sealed class FilePixels : PixelStore
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly int _imageBytes;
    private readonly ulong[] _checksums;

    /// <param name="file">The file, from its first byte the pixels; taken over.</param>
    /// <param name="path">Its name, for errors.</param>
    /// <param name="imageBytes">Bytes of one image.</param>
    /// <param name="checksums">Of each row.</param>
    /// <param name="notes">What its writer wrote down beside the pixels.</param>
    public FilePixels(SafeFileHandle file, string path, int imageBytes, ulong[] checksums, byte[] notes)
    {
        (_file, _path, _imageBytes, _checksums, Notes) = (file, path, imageBytes, checksums, notes);
    }

    public byte[] Notes { get; }

    public override int Count => _checksums.Length;

    /// <exception cref="InvalidDataException">It is no whole file of pixels of that size; the message says why.</exception>
    public static FilePixels Open(string path, int imageBytes)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
        try
        {
            long length = RandomAccess.GetLength(file);
            byte[] end = Bytes(file, Math.Max(0, length - PixelFileFooter.Size), (int)Math.Min(length, PixelFileFooter.Size));
            PixelFileFooter footer = PixelFileFooter.Read(end, length);
            if (footer.ImageBytes != imageBytes)
                throw new InvalidDataException(FormattableString.Invariant($"Its images have {footer.ImageBytes} bytes, not {imageBytes}."));
            byte[] tail = Bytes(file, footer.PixelBytes, (int)footer.TailBytes);
            PixelFileFooter.Check(end, tail);
            int checksums = (int)footer.Rows * sizeof(ulong);
            return new FilePixels(file, path, imageBytes, MemoryMarshal.Cast<byte, ulong>(tail.AsSpan(0, checksums)).ToArray(), tail[checksums..]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override ulong Checksum(int row) => _checksums[row];

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) => batches.Select(Gather);

    public override void Dispose() => _file.Dispose();

    private byte[] Gather(int[] rows)
    {
        byte[] pixels = Memory.Take(checked(rows.Length * _imageBytes));
        ParallelLoop.For(rows.Length, i => Read(rows[i], pixels.AsSpan(i * _imageBytes, _imageBytes)));
        return pixels;
    }

    private void Read(int row, Span<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, Count);
        Fill(_file, (long)row * _imageBytes, pixels);
        if (ChecksumOf(pixels) != _checksums[row])
            throw new InvalidDataException(FormattableString.Invariant($"The file of decoded images '{_path}' is damaged at image {row}, byte {(long)row * _imageBytes}."));
    }

    private static byte[] Bytes(SafeFileHandle file, long offset, int count)
    {
        var bytes = new byte[count];
        Fill(file, offset, bytes);
        return bytes;
    }

    private static void Fill(SafeFileHandle file, long offset, Span<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            int read = RandomAccess.Read(file, bytes, offset);
            if (read == 0)
                throw new InvalidDataException(FormattableString.Invariant($"The file of decoded images ends at byte {offset}."));
            bytes = bytes[read..];
            offset += read;
        }
    }
}
