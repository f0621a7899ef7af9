using System.IO.MemoryMappedFiles;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>A safetensors file of any size, mapped into memory: only what is copied out of it is read.</summary>
internal sealed class SafetensorsFile : IDisposable
{
    // Copied at once; a tensor may be larger than a span.
    private const long ChunkBytes = 1 << 26;

    private readonly SafetensorsHeader _header;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    private SafetensorsFile(FileStream stream, SafetensorsHeader header)
    {
        _header = header;
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    public IReadOnlyList<SafetensorsEntry> Entries => _header.Entries;

    /// <exception cref="InvalidDataException">The file is no safetensors file; the message says where it goes wrong.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            SafetensorsHeader header = SafetensorsHeader.Read(stream);
            return stream.Length == header.End
                ? new SafetensorsFile(stream, header)
                : throw new InvalidDataException($"'{path}' has {stream.Length} bytes; its header speaks of {header.End}.");
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Copies a tensor into one of the same shape, of whatever type and layout, on whatever device.</summary>
    public void CopyTo(SafetensorsEntry entry, Tensor target)
    {
        if (entry.Bytes == 0)
        {
            return;
        }

        bool scalar = entry.Shape.Length == 0;
        long rows = scalar ? 1 : entry.Shape[0];
        long rowBytes = entry.Bytes / rows;
        long step = Math.Max(1, ChunkBytes / rowBytes);
        for (long start = 0; start < rows; start += step)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(step, rows - start);
            Tensor host = empty(scalar ? [] : [count, .. entry.Shape[1..]], entry.Type, CPU);
            _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(_header.DataStart + entry.Offset + start * rowBytes), host.bytes);
            (scalar ? target : target.narrow(0, start, count)).copy_(host);
        }
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
