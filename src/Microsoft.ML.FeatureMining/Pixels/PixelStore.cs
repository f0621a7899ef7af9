using System.IO.Hashing;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Holds the pixels of images of one size, by index: in memory, in a file, or decoded on each read. Any number of passes can run at once.</summary>
internal abstract class PixelStore : IDisposable
{
    /// <summary>The number of images.</summary>
    public abstract int Count { get; }

    /// <summary>The memory that the pixels take, in bytes.</summary>
    public virtual long MemoryBytes => 0;

    /// <summary>The pool from which <see cref="Read"/> rents the memory of a batch.</summary>
    public PixelPool Pool { get; } = new();

    /// <summary>How many images ahead of its position in the store an image can be read in one pass. The order of an epoch stays within it.</summary>
    public virtual int ShuffleWindow => int.MaxValue;

    /// <summary>The <see cref="ChecksumOf"/> an image's pixels, the same in every store.</summary>
    public abstract ulong Checksum(int index);

    /// <summary>
    /// XXH3, 64 bits: detects damage and changed images. Another algorithm needs another version of the pixel file (<see cref="PixelFileFooter"/>).
    /// </summary>
    public static ulong ChecksumOf(ReadOnlySpan<byte> pixels) => XxHash3.HashToUInt64(pixels);

    /// <summary>Reads images in one pass: for each batch of indices the pixels of its images, one after another.</summary>
    public abstract IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches);

    /// <summary>Releases the file, if there is one; no pass may run any more.</summary>
    public virtual void Dispose() { }
}

/// <summary>Pixels in memory, in chunks of many images: one array holds at most 2 GB, and growing it takes twice its memory while it is copied.</summary>
internal sealed class MemoryPixels(int imageBytes) : PixelStore
{
    private const int ChunkBytes = 16 << 20;

    private readonly int _imagesPerChunk = Math.Max(1, ChunkBytes / imageBytes);
    private readonly List<byte[]> _chunks = [];
    private int _count;

    public override int Count => _count;

    public override long MemoryBytes => _chunks.Sum(chunk => chunk.LongLength);

    /// <summary>Copies the next image.</summary>
    /// <exception cref="ArgumentException">The image has another size than the other images.</exception>
    public void Add(ReadOnlySpan<byte> image)
    {
        if (image.Length != imageBytes)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"The image has {image.Length} bytes; images of this store have {imageBytes}."),
                nameof(image)
            );
        }

        image.CopyTo(NextSlot());
    }

    public override ulong Checksum(int index) => ChecksumOf(Image(index));

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) => batches.Select(Gather);

    private byte[] Gather(int[] indices)
    {
        byte[] pixels = Pool.Rent(checked(indices.Length * imageBytes));
        for (int i = 0; i < indices.Length; i++)
        {
            Image(indices[i]).CopyTo(pixels.AsSpan(i * imageBytes));
        }

        return pixels;
    }

    private ReadOnlySpan<byte> Image(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _count);
        return _chunks[index / _imagesPerChunk].AsSpan(index % _imagesPerChunk * imageBytes, imageBytes);
    }

    private Span<byte> NextSlot()
    {
        int slot = _count++ % _imagesPerChunk;
        if (slot == 0)
        {
            _chunks.Add(new byte[imageBytes]);
        }

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
/// Pixels in a file, which the operating system caches as memory allows. Each image is read at its position and checked. The file is not memory-mapped: a
/// failing disk or a truncated file then raises an exception instead of ending the process, and pages of the file do not count as memory of the process.
/// </summary>
internal sealed class FilePixels : PixelStore
{
    private readonly SafeFileHandle _file;
    private readonly string _path;
    private readonly int _imageBytes;
    private readonly ulong[] _checksums;

    /// <param name="file">The file, which begins with the pixels; the store closes it.</param>
    /// <param name="path">The path of the file, for errors.</param>
    /// <param name="imageBytes">Bytes of one image.</param>
    /// <param name="checksums">The checksum of each image.</param>
    /// <param name="notes">What the writer stored after the pixels.</param>
    public FilePixels(SafeFileHandle file, string path, int imageBytes, ulong[] checksums, byte[] notes)
    {
        (_file, _path, _imageBytes, _checksums, Notes) = (file, path, imageBytes, checksums, notes);
    }

    public byte[] Notes { get; }

    public override int Count => _checksums.Length;

    /// <summary>Opens the finished file of that name.</summary>
    /// <param name="folder">The folder of the file.</param>
    /// <param name="name">The name that its <see cref="PixelFileWriter"/> was given.</param>
    /// <param name="imageBytes">Bytes of one image.</param>
    /// <param name="warn">Receives a warning if the file cannot be used.</param>
    /// <returns>Null if the file is missing or corrupt.</returns>
    public static FilePixels? Find(string folder, string name, int imageBytes, Action<string> warn)
    {
        string path = PixelFileWriter.PathOf(folder, name);
        try
        {
            return File.Exists(path) ? Open(path, imageBytes) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            warn($"The file of decoded images '{path}' cannot be used and will be created again. {e.Message}");
            return null;
        }
    }

    public override ulong Checksum(int index) => _checksums[index];

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) => batches.Select(Gather);

    public override void Dispose() => _file.Dispose();

    private static FilePixels Open(string path, int imageBytes)
    {
        // Windows: the process that wrote the file may still have it open, as a writer.
        const FileShare Others = FileShare.ReadWrite | FileShare.Delete;
        SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, Others, FileOptions.RandomAccess);
        try
        {
            long length = RandomAccess.GetLength(file);
            byte[] end = Bytes(file, Math.Max(0, length - PixelFileFooter.Size), (int)Math.Min(length, PixelFileFooter.Size));
            PixelFileFooter footer = PixelFileFooter.Read(end, length);
            if (footer.ImageBytes != imageBytes)
            {
                throw new InvalidDataException(FormattableString.Invariant($"Its images have {footer.ImageBytes} bytes, not {imageBytes}."));
            }

            byte[] tail = Bytes(file, footer.PixelBytes, (int)footer.TailBytes);
            PixelFileFooter.Check(end, tail);
            int checksums = (int)footer.Images * sizeof(ulong);
            return new FilePixels(file, path, imageBytes, MemoryMarshal.Cast<byte, ulong>(tail.AsSpan(0, checksums)).ToArray(), tail[checksums..]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private byte[] Gather(int[] indices)
    {
        byte[] pixels = Pool.Rent(checked(indices.Length * _imageBytes));
        ParallelLoop.For(indices.Length, i => Read(indices[i], pixels.AsSpan(i * _imageBytes, _imageBytes)));
        return pixels;
    }

    private void Read(int index, Span<byte> pixels)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        Fill(_file, (long)index * _imageBytes, pixels);
        if (ChecksumOf(pixels) != _checksums[index])
        {
            throw new InvalidDataException(
                FormattableString.Invariant($"The file of decoded images '{_path}' is damaged at image {index}, byte {(long)index * _imageBytes}.")
            );
        }
    }

    private static byte[] Bytes(SafeFileHandle file, long offset, int count)
    {
        var bytes = new byte[count];
        Fill(file, offset, bytes);
        return bytes;
    }

    private static void Fill(SafeFileHandle file, long offset, Span<byte> bytes)
    {
        int read = RandomReads.Fill(file, bytes, offset);
        if (read < bytes.Length)
        {
            throw new InvalidDataException(FormattableString.Invariant($"The file of decoded images is truncated at byte {offset + read}."));
        }
    }
}
