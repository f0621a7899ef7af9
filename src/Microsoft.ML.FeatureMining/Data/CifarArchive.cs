using System.Formats.Tar;
using System.IO.Compression;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>The archive (tar.gz) in which CIFAR-10 or CIFAR-100 is published, read without being unpacked.</summary>
internal sealed class CifarArchive
{
    // The largest file of the published archives has 154 million bytes; what says that it has more would only be inflated to be passed over.
    private const long MaxEntryBytes = 1L << 30;

    private readonly CifarBinary _format;
    private readonly string _path;

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public CifarArchive(CifarBinary format, string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no archive '{path}'.", path);
        (_format, _path) = (format, path);
    }

    /// <summary>The images of a side of the split, in the order in which they come from the unpacked files, whatever the archive's own.</summary>
    /// <returns>The images; the archive is read up to each file anew while they are enumerated.</returns>
    /// <exception cref="InvalidDataException">The archive is damaged or not of the format; the message names it, the file in it and the byte.</exception>
    public IEnumerable<CifarRecord> Read(DataPart part) => _format.FilesOf(part).SelectMany(Records);

    /// <summary>The names of the classes.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged, or has no file of names.</exception>
    public IReadOnlyList<string> ReadLabelNames()
    {
        using FileStream file = File.OpenRead(_path);
        return Guarded(file, _format.NamesFile, () =>
        {
            using TarReader archive = Open(file);
            using StreamReader reader = new(Find(archive, _format.NamesFile).DataStream!);
            return _format.CheckedNames(reader.ReadToEnd().Split('\n'), Name(_format.NamesFile));
        });
    }

    private IEnumerable<CifarRecord> Records(string name)
    {
        using FileStream file = File.OpenRead(_path);
        using TarReader archive = Guarded(file, name, () => Open(file));
        TarEntry entry = Guarded(file, name, () => Find(archive, name));
        _format.CheckLength(entry.Length, Name(name));
        using IEnumerator<CifarRecord> records = _format.Read(entry.DataStream!, entry.Length, Name(name)).GetEnumerator();
        while (Guarded(file, name, records.MoveNext))
            yield return records.Current;
    }

    private static TarReader Open(FileStream file) => new(new GZipStream(file, CompressionMode.Decompress, leaveOpen: true));

    private TarEntry Find(TarReader archive, string name)
    {
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.Length > MaxEntryBytes)
                throw new InvalidDataException(FormattableString.Invariant($"'{_path}' is no CIFAR archive: '{entry.Name}' in it has {entry.Length} bytes."));
            if (entry is { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile, DataStream: not null } && entry.Name.Split('/')[^1] == name)
                return entry;
        }
        throw new InvalidDataException($"'{_path}' holds no file '{name}'.");
    }

    private T Guarded<T>(FileStream file, string name, Func<T> step)
    {
        try
        {
            return step();
        }
        catch (InvalidDataException problem) when (problem.Message.Contains(_path, StringComparison.Ordinal))
        {
            throw;
        }
        // A damaged header leads the reader of archives to overflows and more; what the disk says goes on as it is.
        catch (Exception problem) when (problem is EndOfStreamException or not (IOException or UnauthorizedAccessException or OutOfMemoryException))
        {
            throw new InvalidDataException(
                FormattableString.Invariant($"'{_path}' is damaged or cut off, at '{name}', near byte {file.Position}: {problem.Message}"), problem);
        }
    }

    private string Name(string file) => $"{_path}/{file}";
}
