namespace Microsoft.ML.FeatureMining.Data;

/// <summary>The binary files in which CIFAR-10 and CIFAR-100 are published: label bytes and 3,072 pixel bytes per record, no header. <c>mlContext.Data.LoadCifar</c> and <c>LoadCifarArchive</c> read them.</summary>
public sealed class CifarBinary
{
    private readonly string _name;
    private readonly int _labelBytes;

    private CifarBinary(string name, int labelBytes, int classCount)
    {
        (_name, _labelBytes, ClassCount) = (name, labelBytes, classCount);
    }

    /// <summary>Records of 3,073 bytes: the label, the pixels.</summary>
    public static CifarBinary Cifar10 { get; } = new("CIFAR-10", 1, 10)
    {
        TrainFiles = [.. Enumerable.Range(1, 5).Select(i => FormattableString.Invariant($"data_batch_{i}.bin"))],
        TestFiles = ["test_batch.bin"],
        NamesFile = "batches.meta.txt",
    };

    /// <summary>Records of 3,074 bytes: the coarse label (skipped), the fine label, the pixels.</summary>
    public static CifarBinary Cifar100 { get; } = new("CIFAR-100", 2, 100)
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

    /// <summary>The file of class names that is published beside the images.</summary>
    internal string NamesFile { get; private init; } = "";

    private int RecordBytes => _labelBytes + Shape.Length;

    /// <summary>Reads a file record by record, in its order.</summary>
    /// <param name="path">The file, for example <c>data_batch_1.bin</c> or <c>train.bin</c>.</param>
    /// <returns>The images; the file is open while they are enumerated.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The length is no multiple of the record's, or a label is out of range; the message names file and byte offset.</exception>
    internal IEnumerable<CifarRecord> Read(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no {_name} file '{path}'.", path);
        CheckLength(new FileInfo(path).Length, path);
        return Records(path);
    }

    /// <summary>The names of the files of a side, in their order.</summary>
    internal IReadOnlyList<string> FilesOf(DataPart part) => part == DataPart.Train ? TrainFiles : TestFiles;

    /// <summary>Reads the names of the classes: line k, from 0, names class k; empty lines at the end do not count.</summary>
    /// <param name="path">The file, for example <c>batches.meta.txt</c> or <c>fine_label_names.txt</c>.</param>
    /// <returns><see cref="ClassCount"/> names.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file does not hold <see cref="ClassCount"/> different names.</exception>
    internal IReadOnlyList<string> ReadLabelNames(string path)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no file of {_name} class names '{path}'.", path);
        return CheckedNames(File.ReadLines(path), path);
    }

    /// <summary>Reads from a stream what <see cref="Read(string)"/> reads from a file.</summary>
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
                throw new InvalidDataException(FormattableString.Invariant(
                    $"'{source}' is no {_name} file: byte {((i + 1) * RecordBytes) - Shape.Length - 1} is label {label}, and there are {ClassCount} classes."));
            }
            yield return new CifarRecord(pixels, label);
        }
    }

    /// <exception cref="InvalidDataException">The length is no whole number of records.</exception>
    internal void CheckLength(long length, string source)
    {
        long rest = length % RecordBytes;
        if (length == 0 || rest != 0)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"'{source}' is no {_name} file: its {length} bytes are no whole number of {RecordBytes}-byte records; the last would begin at byte {length - rest}."));
        }
    }

    /// <exception cref="InvalidDataException">The lines are not <see cref="ClassCount"/> different names.</exception>
    internal IReadOnlyList<string> CheckedNames(IEnumerable<string> lines, string source)
    {
        string[] names = [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0)];
        int distinct = names.Distinct(StringComparer.Ordinal).Count();
        if (names.Length != ClassCount || distinct != ClassCount)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"'{source}' holds {names.Length} class names, {distinct} of them different; {_name} has {ClassCount}."));
        }
        return names;
    }

    private IEnumerable<CifarRecord> Records(string path)
    {
        using FileStream file = File.OpenRead(path);
        foreach (CifarRecord record in Read(file, file.Length, path))
            yield return record;
    }
}
