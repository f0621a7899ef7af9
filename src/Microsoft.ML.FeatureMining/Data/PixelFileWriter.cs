using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Microsoft.ML.FeatureMining.Data;

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
