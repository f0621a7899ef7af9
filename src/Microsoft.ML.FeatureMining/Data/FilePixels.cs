using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Data;

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
        AllCores.For(rows.Length, i => Read(rows[i], pixels.AsSpan(i * _imageBytes, _imageBytes)));
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
