using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>
/// The published binary format of CIFAR-10 and CIFAR-100: label bytes and 3,072 pixel bytes per record, no header. <c>mlContext.Data.LoadCifar</c> and
/// <c>LoadCifarArchive</c> read them.
/// </summary>
public sealed class CifarBinary
{
    private readonly string _name;
    private readonly int _labelBytes;

    private CifarBinary(string name, int labelBytes, int classCount)
    {
        (_name, _labelBytes, ClassCount) = (name, labelBytes, classCount);
    }

    /// <summary>Records of 3,073 bytes: the label, the pixels.</summary>
    public static CifarBinary Cifar10 { get; } =
        new("CIFAR-10", 1, 10)
        {
            TrainFiles = [.. Enumerable.Range(1, 5).Select(i => FormattableString.Invariant($"data_batch_{i}.bin"))],
            TestFiles = ["test_batch.bin"],
            NamesFile = "batches.meta.txt",
        };

    /// <summary>Records of 3,074 bytes: the coarse label (skipped), the fine label, the pixels.</summary>
    public static CifarBinary Cifar100 { get; } =
        new("CIFAR-100", 2, 100)
        {
            TrainFiles = ["train.bin"],
            TestFiles = ["test.bin"],
            NamesFile = "fine_label_names.txt",
        };

    /// <summary>The shape of every image: 3x32x32.</summary>
    internal static ImageShape Shape { get; } = new(3, 32, 32);

    /// <summary>Classes of the data set: 10 or 100.</summary>
    internal int ClassCount { get; }

    private IReadOnlyList<string> TrainFiles { get; init; } = [];

    private IReadOnlyList<string> TestFiles { get; init; } = [];

    /// <summary>The published file of class names.</summary>
    internal string NamesFile { get; private init; } = "";

    private int RecordBytes => _labelBytes + Shape.Length;

    /// <summary>Reads a file record by record, in order.</summary>
    /// <param name="path">The file, for example <c>data_batch_1.bin</c> or <c>train.bin</c>.</param>
    /// <returns>The images; the file is open while they are enumerated.</returns>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// The length is not a multiple of the record length, or a label is out of range; the message names file and byte offset.
    /// </exception>
    internal IEnumerable<CifarRecord> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"The {_name} file '{path}' does not exist.", path);
        }

        CheckLength(new FileInfo(path).Length, path);
        return Records(path);
    }

    /// <summary>The file names of one part of the data set, in order.</summary>
    internal IReadOnlyList<string> FilesOf(DataPart part) => part == DataPart.Train ? TrainFiles : TestFiles;

    /// <summary>Reads the names of the classes: line k, from 0, names class k. Empty lines are ignored.</summary>
    /// <param name="path">The file, for example <c>batches.meta.txt</c> or <c>fine_label_names.txt</c>.</param>
    /// <returns><see cref="ClassCount"/> names.</returns>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The file does not contain <see cref="ClassCount"/> different names.</exception>
    internal IReadOnlyList<string> ReadLabelNames(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"The file of {_name} class names '{path}' does not exist.", path);
        }

        return CheckedNames(File.ReadLines(path), path);
    }

    /// <summary>The same as <see cref="Read(string)"/>, from a stream.</summary>
    internal IEnumerable<CifarRecord> Read(Stream stream, long length, string source)
    {
        var labels = new byte[_labelBytes];
        for (long i = 0; i < length / RecordBytes; i++)
        {
            var pixels = new byte[Shape.Length];
            stream.ReadExactly(labels);
            stream.ReadExactly(pixels);
            int label = labels[^1];
            if (label >= ClassCount)
            {
                throw new InvalidDataException(
                    FormattableString.Invariant(
                        $"'{source}' is not a {_name} file: byte {((i + 1) * RecordBytes) - Shape.Length - 1} is label {label}, but there are {ClassCount} classes."
                    )
                );
            }
            yield return new CifarRecord(pixels, label);
        }
    }

    /// <exception cref="InvalidDataException">The length is not a multiple of the record length.</exception>
    internal void CheckLength(long length, string source)
    {
        long rest = length % RecordBytes;
        if (length == 0 || rest != 0)
        {
            throw new InvalidDataException(
                FormattableString.Invariant(
                    $"'{source}' is not a {_name} file: its length of {length} bytes is not a multiple of {RecordBytes}; the last record would start at byte {length - rest}."
                )
            );
        }
    }

    /// <exception cref="InvalidDataException">The lines are not <see cref="ClassCount"/> different names.</exception>
    internal IReadOnlyList<string> CheckedNames(IEnumerable<string> lines, string source)
    {
        string[] names = [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
        int distinct = names.Distinct(StringComparer.Ordinal).Count();
        if (names.Length != ClassCount || distinct != ClassCount)
        {
            throw new InvalidDataException(
                FormattableString.Invariant($"'{source}' contains {names.Length} class names, {distinct} of them different; {_name} has {ClassCount}.")
            );
        }
        return names;
    }

    private IEnumerable<CifarRecord> Records(string path)
    {
        using FileStream file = File.OpenRead(path);
        foreach (CifarRecord record in Read(file, file.Length, path))
        {
            yield return record;
        }
    }
}

/// <summary>The published archive (tar.gz) of CIFAR-10 or CIFAR-100, read without unpacking it.</summary>
internal sealed class CifarArchive
{
    // The largest file of the published archives has 154 million bytes. A much larger entry would be inflated only to be skipped.
    private const long MaxEntryBytes = 1L << 30;

    private readonly CifarBinary _format;
    private readonly string _path;

    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    public CifarArchive(CifarBinary format, string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"The archive '{path}' does not exist.", path);
        }

        (_format, _path) = (format, path);
    }

    /// <summary>The images of one part of the split, in the order of the unpacked files, whatever the order in the archive.</summary>
    /// <returns>The images. While they are enumerated, the archive is read from its start for each file.</returns>
    /// <exception cref="InvalidDataException">
    /// The archive is damaged or has another format; the message names the archive, the file in it and the byte.
    /// </exception>
    public IEnumerable<CifarRecord> Read(DataPart part) => _format.FilesOf(part).SelectMany(Records);

    /// <summary>The names of the classes.</summary>
    /// <exception cref="InvalidDataException">The archive is damaged, or has no file of names.</exception>
    public IReadOnlyList<string> ReadLabelNames()
    {
        using FileStream file = File.OpenRead(_path);
        return Guarded(
            file,
            _format.NamesFile,
            () =>
            {
                using TarReader archive = Open(file);
                using StreamReader reader = new(Find(archive, _format.NamesFile).DataStream!);
                return _format.CheckedNames(reader.ReadToEnd().Split('\n'), Name(_format.NamesFile));
            }
        );
    }

    private IEnumerable<CifarRecord> Records(string name)
    {
        using FileStream file = File.OpenRead(_path);
        using TarReader archive = Guarded(file, name, () => Open(file));
        TarEntry entry = Guarded(file, name, () => Find(archive, name));
        _format.CheckLength(entry.Length, Name(name));
        using IEnumerator<CifarRecord> records = _format.Read(entry.DataStream!, entry.Length, Name(name)).GetEnumerator();
        while (Guarded(file, name, records.MoveNext))
        {
            yield return records.Current;
        }
    }

    private static TarReader Open(FileStream file) => new(new GZipStream(file, CompressionMode.Decompress, leaveOpen: true));

    private TarEntry Find(TarReader archive, string name)
    {
        while (archive.GetNextEntry() is { } entry)
        {
            if (entry.Length > MaxEntryBytes)
            {
                throw new InvalidDataException(
                    FormattableString.Invariant($"'{_path}' is not a CIFAR archive: its entry '{entry.Name}' has {entry.Length} bytes.")
                );
            }

            if (entry is { EntryType: TarEntryType.RegularFile or TarEntryType.V7RegularFile, DataStream: not null } && entry.Name.Split('/')[^1] == name)
            {
                return entry;
            }
        }
        throw new InvalidDataException($"'{_path}' contains no file '{name}'. Use the binary version of the data set.");
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
        // A damaged header makes TarReader throw overflows and other exceptions. Disk errors are not wrapped.
        catch (Exception problem) when (problem is EndOfStreamException or not (IOException or UnauthorizedAccessException or OutOfMemoryException))
        {
            throw new InvalidDataException(
                FormattableString.Invariant($"'{_path}' is damaged or truncated, at '{name}', near byte {file.Position}: {problem.Message} Download it again."),
                problem
            );
        }
    }

    private string Name(string file) => $"{_path}/{file}";
}

/// <summary>One image of a CIFAR file.</summary>
/// <param name="Pixels">[3, 32, 32]: the red plane, the green, the blue, each row by row; 0 to 255.</param>
/// <param name="Label">The class: 0 to 9 (CIFAR-10), the fine label 0 to 99 (CIFAR-100).</param>
internal readonly record struct CifarRecord(byte[] Pixels, int Label)
{
    /// <summary>The image as a PNG file, not compressed because it is decoded right away.</summary>
    internal byte[] ToPng()
    {
        (int channels, int height, int width) = CifarBinary.Shape;
        byte[] interleaved = new byte[Pixels.Length];
        PlanarLayout.Join(Pixels, channels, interleaved);
        return ImageCodec.EncodePng(interleaved, width, height, level: 0);
    }
}

/// <summary>A CIFAR image and the name of its class. Each property is a column in ML.NET.</summary>
internal sealed record NamedCifarRow
{
    /// <summary>Encoded as PNG.</summary>
    public byte[] Image { get; set; } = [];

    public string Label { get; set; } = "";
}

/// <summary>A CIFAR image and the number of its class, from 0. Each property is a column in ML.NET.</summary>
internal sealed record NumberedCifarRow
{
    /// <summary>Encoded as PNG.</summary>
    public byte[] Image { get; set; } = [];

    public uint Label { get; set; }
}
