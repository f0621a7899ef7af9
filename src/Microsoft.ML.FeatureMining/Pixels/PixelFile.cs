using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Writes a file of pixels, row after row, that nobody finds before it is whole.</summary>
internal sealed class PixelFileWriter : IDisposable
{
    private readonly int _imageBytes;
    private readonly string? _target;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly List<ulong> _checksums = [];
    private long _position;
    private bool _finished;

    /// <param name="folder">Where; made where it is not there.</param>
    /// <param name="name">The name to be found under when it is whole; null for a file that is gone when nobody reads it any more, however its process ends.</param>
    /// <param name="imageBytes">Bytes of one image.</param>
    /// <param name="expectedBytes">How long the pixels will be at most, so that a disk without room for them refuses now.</param>
    /// <exception cref="PixelFileException">The file cannot be made.</exception>
    public PixelFileWriter(string folder, string? name, int imageBytes, long expectedBytes)
    {
        (_imageBytes, _target) = (imageBytes, name is null ? null : Path.Combine(folder, name));
        _path = Path.Combine(folder, FormattableString.Invariant($"{name ?? "images"}.{Environment.ProcessId}-{Guid.NewGuid():N}{PixelFolder.Unfinished}"));
        _file = Try(() => Open(folder, expectedBytes));
    }

    /// <exception cref="PixelFileException">The disk is full, or the file cannot be written.</exception>
    public void Add(ReadOnlySpan<byte> image)
    {
        _checksums.Add(PixelStore.ChecksumOf(image));
        try
        {
            Append(image);
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Refused(e);
        }
    }

    /// <summary>Ends the file, with notes beside the pixels, and opens it for reading.</summary>
    /// <exception cref="PixelFileException">The disk is full, or the file cannot be written.</exception>
    public FilePixels Finish(byte[] notes) => Try(() =>
    {
        ulong[] checksums = [.. _checksums];
        byte[] tail = [.. MemoryMarshal.AsBytes<ulong>(checksums), .. notes];
        Append(tail);
        Append(new PixelFileFooter(_imageBytes, checksums.Length, notes.Length).ToBytes(tail));
        RandomAccess.SetLength(_file, _position);
        if (_target is not null)
        {
            RandomAccess.FlushToDisk(_file);
            File.Move(_path, _target, overwrite: true);
        }
        _finished = true;
        return new FilePixels(_file, _target ?? _path, _imageBytes, checksums, notes);
    });

    /// <summary>Removes a file that was not finished; a finished one belongs to who reads it.</summary>
    public void Dispose()
    {
        if (_finished)
            return;
        _file.Dispose();
        File.Delete(_path);
    }

    private SafeFileHandle Open(string folder, long expectedBytes)
    {
        Directory.CreateDirectory(folder);
        FileOptions options = _target is null ? FileOptions.DeleteOnClose : FileOptions.None;
        SafeFileHandle file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, options, expectedBytes);
        // Elsewhere an open file can lose its name at once, so that not even a kill leaves it.
        if (_target is null && !OperatingSystem.IsWindows())
            File.Delete(_path);
        return file;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_file, bytes, _position);
        _position += bytes.Length;
    }

    private T Try<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (IsRefusal(e))
        {
            throw Refused(e);
        }
    }

    // The last is what .NET throws where a file is too large for its file system.
    private static bool IsRefusal(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    private PixelFileException Refused(Exception e) => new($"The file of decoded images '{_path}' cannot be written. {e.Message}", e);
}

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

/// <summary>
/// A folder of finished files of pixels, each under the name of what is in it. Processes that make the same file at once each write one of their own; the last one that is finished
/// stays, and whoever reads another one goes on reading that.
/// </summary>
internal sealed class PixelFolder(string path)
{
    /// <summary>How names of files end that are still being written.</summary>
    public const string Unfinished = ".tmp";

    private const string Finished = ".pixels";

    /// <summary>The file of that name; null where there is none, or none that is whole, which is told of.</summary>
    public FilePixels? Open(string name, int imageBytes, Action<string> notice)
    {
        string file = Path.Combine(path, name + Finished);
        try
        {
            return File.Exists(file) ? FilePixels.Open(file, imageBytes) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            notice($"The file of decoded images '{file}' cannot be used and is made anew. {e.Message}");
            return null;
        }
    }

    /// <exception cref="PixelFileException">The file cannot be made.</exception>
    public PixelFileWriter Create(string name, int imageBytes, long expectedBytes)
    {
        RemoveAbandoned();
        return new PixelFileWriter(path, name + Finished, imageBytes, expectedBytes);
    }

    // A process that was killed left its file; one that still writes holds a lock on it.
    private void RemoveAbandoned()
    {
        if (!Directory.Exists(path))
            return;
        foreach (string file in Directory.EnumerateFiles(path, "*" + Finished + ".*" + Unfinished))
        {
            try
            {
                using FileStream abandoned = new(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Somebody writes it, or has just removed it.
            }
        }
    }
}

/// <summary>A file of pixels cannot be written: the disk is full, or the folder refuses it.</summary>
internal sealed class PixelFileException(string message, Exception innerException) : IOException(message, innerException);
