using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>
/// Writes a file of pixels, image by image. The file gets its final name only when it is complete. If several processes write the same file at once, each
/// writes its own. The last one to finish replaces the others; open readers continue to read theirs. <see cref="Wait"/> avoids that.
/// </summary>
internal sealed class PixelFileWriter : IDisposable
{
    private const string Finished = ".pixels";
    private const string Unnamed = "images";
    private const string TurnSuffix = Finished + ".lock";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly int _imageBytes;
    private readonly string? _target;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly List<ulong> _checksums = [];
    private long _position;
    private bool _finished;

    /// <param name="folder">The folder; created if it is missing.</param>
    /// <param name="name">The name for <see cref="FilePixels.Find"/>; null for a temporary file, which is deleted when its reader or the process ends.</param>
    /// <param name="imageBytes">Bytes of one image.</param>
    /// <param name="expectedBytes">The maximum length of the pixels, so that a full disk is detected now.</param>
    /// <exception cref="PixelFileException">The file cannot be created.</exception>
    public PixelFileWriter(string folder, string? name, int imageBytes, long expectedBytes)
    {
        (_imageBytes, _target) = (imageBytes, name is null ? null : PathOf(folder, name));
        if (name is not null)
        {
            AtomicFile.RemoveAbandoned(folder, $"*{Finished}");
            AtomicFile.DeleteUnlocked(folder, $"*{TurnSuffix}");
        }
        else
        {
            // Of processes that were killed before the file was deleted: that takes a moment while disk space is reserved.
            AtomicFile.RemoveOfEndedProcesses(folder, Unnamed);
        }

        _path = AtomicFile.TemporaryPath(_target ?? Path.Combine(folder, Unnamed));
        _file = Try(() => Open(folder, expectedBytes));
    }

    /// <summary>The path of a finished file of that name.</summary>
    public static string PathOf(string folder, string name) => Path.Combine(folder, name + Finished);

    /// <summary>
    /// Waits while another process or thread has the turn to write the file of that name. The operating system ends the turn of a process that ends.
    /// </summary>
    /// <param name="folder">The folder of the file; created if it is missing.</param>
    /// <param name="name">The name of the file.</param>
    /// <param name="checkCanceled">Called while waiting; throws to stop.</param>
    /// <returns>Dispose ends the turn. Null if there are no turns, because the folder cannot be written.</returns>
    public static IDisposable? Wait(string folder, string name, Action checkCanceled)
    {
        while (true)
        {
            checkCanceled();
            try
            {
                Directory.CreateDirectory(folder);
                string path = Path.Combine(folder, name + TurnSuffix);
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (IOException e) when (IsLocked(e))
            {
                Thread.Sleep(Pause);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }

    /// <exception cref="PixelFileException">The disk is full, or the file cannot be written.</exception>
    public void Add(ReadOnlySpan<byte> image)
    {
        _checksums.Add(PixelStore.ChecksumOf(image));
        try
        {
            Append(image);
        }
        catch (Exception e) when (IsWriteError(e))
        {
            throw WriteError(e);
        }
    }

    /// <summary>Completes the file, stores notes after the pixels, and opens it for reading.</summary>
    /// <exception cref="PixelFileException">The disk is full, or the file cannot be written.</exception>
    public FilePixels Finish(byte[] notes) =>
        Try(() =>
        {
            ulong[] checksums = [.. _checksums];
            byte[] tail = [.. MemoryMarshal.AsBytes<ulong>(checksums), .. notes];
            Append(tail);
            Append(new PixelFileFooter(_imageBytes, checksums.Length, notes.Length).ToBytes(tail));
            RandomAccess.SetLength(_file, _position);
            if (_target is not null)
            {
                RandomAccess.FlushToDisk(_file);
                AtomicFile.Replace(_target, _path);
            }
            _finished = true;
            return new FilePixels(_file, _target ?? _path, _imageBytes, checksums, notes);
        });

    /// <summary>Deletes the file if it is not complete; a complete one belongs to its reader.</summary>
    public void Dispose()
    {
        if (_finished)
        {
            return;
        }

        _file.Dispose();
        File.Delete(_path);
    }

    private SafeFileHandle Open(string folder, long expectedBytes)
    {
        Directory.CreateDirectory(folder);
        FileOptions options = _target is null ? FileOptions.DeleteOnClose : FileOptions.None;
        SafeFileHandle file = File.OpenHandle(_path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, options, expectedBytes);
        // Except on Windows, an open file can be deleted at once. Nothing remains even if the process is killed.
        if (_target is null && !OperatingSystem.IsWindows())
        {
            File.Delete(_path);
        }

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
        catch (Exception e) when (IsWriteError(e))
        {
            throw WriteError(e);
        }
    }

    // ERROR_SHARING_VIOLATION, or EWOULDBLOCK of Linux and of macOS.
    private static bool IsLocked(IOException e) => e.HResult is unchecked((int)0x80070020) or 11 or 35;

    // ArgumentOutOfRangeException: the file is too large for its file system.
    private static bool IsWriteError(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    private PixelFileException WriteError(Exception e) => new($"The file of decoded images '{_path}' cannot be written. {e.Message}", e);
}

/// <summary>
/// The last bytes of a file of pixels, little-endian: magic, version, bytes per image, images, bytes of notes, and a hash of everything except the pixels and
/// the hash. Before it are the pixels, a checksum of each image, and the notes. It is at the end because the number of images is not known before; a file
/// without it is incomplete.
/// </summary>
internal readonly record struct PixelFileFooter(int ImageBytes, long Images, int NotesBytes)
{
    public const int Size = FactsSize + SHA256.HashSizeInBytes;

    private const ulong Magic = 0x5358_4950_464D_4C4D; // "MLMFPIXS"
    private const int Version = 3;
    private const int FactsSize = sizeof(ulong) + sizeof(int) + sizeof(int) + sizeof(long) + sizeof(int);

    /// <summary>The length of all pixels; the checksums start there.</summary>
    public long PixelBytes => Images * ImageBytes;

    /// <summary>Bytes of checksums and notes.</summary>
    public long TailBytes => (Images * sizeof(ulong)) + NotesBytes;

    public byte[] ToBytes(ReadOnlySpan<byte> tail)
    {
        var bytes = new byte[Size];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), Version);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), ImageBytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Images);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(24), NotesBytes);
        Hash(bytes, tail, bytes.AsSpan(FactsSize));
        return bytes;
    }

    /// <exception cref="InvalidDataException">The bytes are not a footer, have another version, or do not match the length of the file.</exception>
    public static PixelFileFooter Read(ReadOnlySpan<byte> bytes, long fileLength)
    {
        if (bytes.Length < Size || BinaryPrimitives.ReadUInt64LittleEndian(bytes) != Magic)
        {
            throw new InvalidDataException("It is incomplete or truncated.");
        }

        if (BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]) is var version && version != Version)
        {
            throw new InvalidDataException(FormattableString.Invariant($"Its format version is {version}; this library reads version {Version}."));
        }

        PixelFileFooter footer = new(
            BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]),
            BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(bytes[24..])
        );
        // Bounds first: products must not overflow, and the tail must not allocate more than the length of the file.
        bool fits =
            footer is { ImageBytes: > 0, Images: >= 0 and <= int.MaxValue, NotesBytes: >= 0 }
            && footer.TailBytes <= Array.MaxLength
            && footer.PixelBytes + footer.TailBytes + Size == fileLength;
        return fits ? footer : throw new InvalidDataException("Its length does not match its footer.");
    }

    /// <exception cref="InvalidDataException">The checksums or the notes are damaged.</exception>
    public static void Check(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> tail)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        Hash(bytes, tail, hash);
        if (!hash.SequenceEqual(bytes[FactsSize..Size]))
        {
            throw new InvalidDataException("Its checksums or notes are damaged.");
        }
    }

    private static void Hash(ReadOnlySpan<byte> facts, ReadOnlySpan<byte> tail, Span<byte> hash)
    {
        using IncrementalHash sum = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sum.AppendData(facts[..FactsSize]);
        sum.AppendData(tail);
        sum.GetHashAndReset(hash);
    }
}

/// <summary>A file of pixels cannot be written: the disk is full, or the folder cannot be written to.</summary>
internal sealed class PixelFileException(string message, Exception innerException) : IOException(message, innerException);
