using System.Formats.Tar;
using System.IO.Compression;
using Microsoft.ML.FeatureMining.Datasets;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

public sealed class CifarArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_FilesInAnyOrder_GivesThemInOrder()
    {
        // The published archive is out of order in the same way.
        string path = Write(
            ("x/data_batch_4.bin", Records(4)),
            ("x/batches.meta.txt", Names()),
            ("x/data_batch_1.bin", Records(1, 9)),
            ("x/test_batch.bin", Records(0)),
            ("x/data_batch_3.bin", Records(3)),
            ("x/data_batch_2.bin", Records(2)),
            ("x/data_batch_5.bin", Records(5))
        );

        CifarArchive archive = new(CifarBinary.Cifar10, path);

        Assert.Equal([1, 9, 2, 3, 4, 5], archive.Read(DataPart.Train).Select(record => record.Label));
        Assert.Equal([0], archive.Read(DataPart.Test).Select(record => record.Label));
        Assert.Equal("class 3", archive.ReadLabelNames()[3]);
        Assert.All(archive.Read(DataPart.Train), record => Assert.Equal((byte)record.Label, record.Pixels[77]));
    }

    [Fact]
    public void Read_MissingFile_NamesIt()
    {
        string path = Write(("x/data_batch_1.bin", Records(1)), ("batches.meta.txt", Names()));

        InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => new CifarArchive(CifarBinary.Cifar10, path).Read(DataPart.Train).Count());

        Assert.Contains($"'{path}' contains no file 'data_batch_2.bin'", refusal.Message);
    }

    [Fact]
    public void Read_WrongLabelOrLength_NamesFileAndByte()
    {
        string path = Write(("test_batch.bin", Records(1, 10)));
        string cut = Write(("test_batch.bin", Records(1)[..^1]));

        string wrong = Assert.Throws<InvalidDataException>(() => new CifarArchive(CifarBinary.Cifar10, path).Read(DataPart.Test).Count()).Message;
        string shorter = Assert.Throws<InvalidDataException>(() => new CifarArchive(CifarBinary.Cifar10, cut).Read(DataPart.Test).Count()).Message;

        Assert.Contains($"{path}/test_batch.bin", wrong);
        Assert.Contains("byte 3073 is label 10", wrong);
        Assert.Contains($"{cut}/test_batch.bin", shorter);
    }

    [Fact]
    public void Read_TruncatedArchive_IsNamed()
    {
        string path = Write(("test_batch.bin", Records([.. Enumerable.Range(0, 40).Select(i => i % 10)])));
        byte[] whole = File.ReadAllBytes(path);

        // The last blocks of an archive contain nothing that is read.
        foreach (int length in (int[])[0, 1, 5, 18, whole.Length / 4, whole.Length / 2])
        {
            string cut = _folder.Write($"{length}.tar.gz", whole[..length]);
            InvalidDataException refusal = Assert.Throws<InvalidDataException>(() => new CifarArchive(CifarBinary.Cifar10, cut).Read(DataPart.Test).Count());
            Assert.Contains(cut, refusal.Message);
        }
    }

    [Fact]
    public void Read_NoArchive_IsRejected()
    {
        string path = _folder.Write("a.tar.gz", "this is text");

        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => new CifarArchive(CifarBinary.Cifar100, path).ReadLabelNames()).Message);
        Assert.Throws<FileNotFoundException>(() => new CifarArchive(CifarBinary.Cifar100, path + "x"));
    }

    [SkippableFact]
    public void Read_TheRealSubset_GivesTheBinariesRecords()
    {
        string folder = SharedData.Folder("cifar-100");
        string[] files = ["fine_label_names.txt", "test.bin"];
        string path = Write([.. files.Select(file => ($"cifar-100-binary/{file}", File.ReadAllBytes(Path.Combine(folder, file))))]);

        CifarArchive archive = new(CifarBinary.Cifar100, path);

        Assert.Equal(CifarBinary.Cifar100.ReadLabelNames(Path.Combine(folder, files[0])), archive.ReadLabelNames());
        int count = 0;
        foreach (
            (CifarRecord packed, CifarRecord plain) in archive
                .Read(DataPart.Test)
                .Zip(CifarBinary.Cifar100.Read(Path.Combine(folder, files[1])), (a, b) => (a, b))
        )
        {
            Assert.Equal(plain.Label, packed.Label);
            Assert.True(packed.Pixels.AsSpan().SequenceEqual(plain.Pixels));
            count++;
        }
        Assert.Equal(4000, count);
    }

    private string Write(params (string Name, byte[] Bytes)[] files)
    {
        string path = _folder[$"{Guid.NewGuid():n}.tar.gz"];
        using TarWriter writer = new(new GZipStream(File.Create(path), CompressionLevel.Fastest));
        foreach ((string name, byte[] bytes) in files)
        {
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(bytes) });
        }

        return path;
    }

    private static byte[] Records(params int[] labels) => [.. labels.SelectMany(label => Enumerable.Repeat((byte)label, 3073))];

    private static byte[] Names() => System.Text.Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 10).Select(i => $"class {i}")));
}
