using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.Imaging;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

/// <summary>
/// For any content, reading a file ends soon with rows or with an error that names the file. Tests a few hundred damaged files per parser; with MLNETFM_FUZZ=N
/// in the environment, N per parser.
/// </summary>
public sealed class ParserFuzzTests : IDisposable
{
    private const int FewCases = 400;

    // The location of the error: a line or a byte. Errors about something missing have none, nor has the XML reader's error about a forbidden DTD.
    private const string Location =
        @"line \d+:|byte|key '|has no line for the number \d|is empty|contains (no file|\d+ class names)|DTD|Root element is missing";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // For each parser: the files that it reads, and how to call it on their folder. One of the files is damaged.
    private static readonly Dictionary<string, (Dictionary<string, byte[]> Files, Action<TemporaryFolder> Read)> Parsers = new()
    {
        ["cifar-10"] = (new() { ["a.bin"] = CifarRecords(10) }, folder => Count(CifarBinary.Cifar10.Read(folder["a.bin"]))),
        ["cifar-names"] = (new() { ["names.txt"] = Text(string.Join('\n', CifarNames)) }, folder => CifarBinary.Cifar10.ReadLabelNames(folder["names.txt"])),
        ["cifar-archive"] = (new() { ["a.tar.gz"] = Zipped(CifarTar()) }, ReadArchive),
        ["cifar-tar"] = (new() { ["a.tar.gz"] = CifarTar() }, ReadTar),
        ["tar-shard"] = (
            new()
            {
                ["a.tar"] = TarFiles.Of(TarEntryFormat.Pax, ("a/1.jpg", [1, 2, 3]), ("a/1.cls", Text("0")), ("2.cls", Text("1")), ("2.png", new byte[600])),
            },
            folder => Count(TarShard.Read(folder["a.tar"], new(), ["cat", "dog"], _ => { }, CancellationToken.None))
        ),
        ["list.csv"] = (
            new() { ["list.csv"] = Text("id,ImagePath,Label\r\n1,\"a \"\"b\"\".jpg\",cat\r\n2,sub/c.jpg,\"dog, old\"\r\n3,d.jpg,cat") },
            folder => ImageList.Read(folder["list.csv"], new())
        ),
        ["list.tsv"] = (
            new() { ["list.tsv"] = Text("a.jpg\tcat;dog\nb.jpg\t\nc.jpg\t\"x\ny\"\n") },
            folder => ImageList.ReadMultilabel(folder["list.tsv"], new() { HasHeader = false })
        ),
        ["tiny-imagenet"] = (
            new()
            {
                ["wnids.txt"] = Text("n00000001\nn00000002\n"),
                ["words.txt"] = Text("n00000001\tone, uno\nn00000002\ttwo\n"),
                ["val/val_annotations.txt"] = Text("val_0.JPEG\tn00000001\t0\t0\t63\t63\nval_1.JPEG\tn00000002\t1\t2\t3\t4\n"),
            },
            folder => TinyImageNet.Read(folder.Path, DataPart.Test)
        ),
        ["cub-200"] = (
            new()
            {
                ["images.txt"] = Text("1 001.A/x.jpg\n2 002.B/y.jpg\n"),
                ["classes.txt"] = Text("1 001.A\n2 002.B\n"),
                ["image_class_labels.txt"] = Text("1 1\n2 2\n"),
                ["train_test_split.txt"] = Text("1 1\n2 1\n"),
                ["bounding_boxes.txt"] = Text("1 0.0 1.5 10.0 20.0\n2 5.0 6.0 7.0 8.0\n"),
            },
            folder => CaltechBirds.Read(folder.Path, DataPart.Train)
        ),
        ["voc"] = (
            new()
            {
                ["ImageSets/Main/train.txt"] = Text("000001\n"),
                ["Annotations/000001.xml"] = Text(
                    """
                    <annotation><owner><name>x</name></owner><size><width>100</width><height>80</height></size>
                    <object><name>dog</name><difficult>0</difficult><truncated>1</truncated><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>50</xmax><ymax>60</ymax></bndbox>
                    <part><name>head</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></part></object></annotation>
                    """
                ),
            },
            folder => PascalVoc.Read(folder.Path, "train")
        ),
        ["pictures"] = (Goldens.Pictures.ToDictionary(name => name, Goldens.Picture), ReadPictures),
    };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. Parsers.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Read_DamagedFile_GivesRowsOrAnErrorThatNamesIt(string parser)
    {
        int cases = int.TryParse(Environment.GetEnvironmentVariable("MLNETFM_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out int many)
            ? many
            : FewCases;
        (Dictionary<string, byte[]> files, Action<TemporaryFolder> read) = Parsers[parser];
        Random random = new(1);
        int refused = 0;
        foreach ((string name, byte[] bytes) in parser == "pictures" ? [] : files)
        {
            _folder.Write(name, bytes);
        }

        for (int i = 0; i < cases; i++)
        {
            (string name, byte[] bytes) = files.ElementAt(random.Next(files.Count));
            byte[] damaged = Mutation.Of(bytes, random);
            string path = _folder.Write(name, damaged);
            long began = Stopwatch.GetTimestamp();
            refused += EndsWell(read, $"{parser}, attempt {i}") ? 0 : 1;
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"{parser}, attempt {i} took {Stopwatch.GetElapsedTime(began)}.");
            if (parser == "pictures")
            {
                File.Delete(path);
            }
            else
            {
                File.WriteAllBytes(path, bytes);
            }
        }

        // If no parser notices the damage, the test is worthless.
        Assert.InRange(refused, cases / 20, cases);
    }

    /// <returns>Whether the parser returned rows.</returns>
    private bool EndsWell(Action<TemporaryFolder> read, string what)
    {
        // A separate thread, so that an endless loop fails one test and not the whole run.
        Func<Exception?> attempt = () => Record.Exception(() => read(_folder));
        Task<Exception?> reading = Task.Factory.StartNew(attempt, TaskCreationOptions.LongRunning);
        Assert.True(reading.Wait(Limit), $"{what} does not end.");
        switch (reading.Result)
        {
            case null:
                return true;
            case InvalidDataException or FileNotFoundException or DirectoryNotFoundException:
                Assert.True(reading.Result.Message.Contains(_folder.Path, StringComparison.Ordinal), $"{what}: {reading.Result.Message}");
                Assert.True(reading.Result is not InvalidDataException || Regex.IsMatch(reading.Result.Message, Location), $"{what}: {reading.Result.Message}");
                return false;
            case ImageDecodeException:
                return false;
            default:
                Assert.Fail($"{what}: {reading.Result}");
                return false;
        }
    }

    private static void ReadArchive(TemporaryFolder folder)
    {
        CifarArchive archive = new(CifarBinary.Cifar10, folder["a.tar.gz"]);
        archive.ReadLabelNames();
        Count(archive.Read(DataPart.Test));
    }

    // Damaged before compression, so that the damage reaches the TAR reader.
    private static void ReadTar(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder["a.tar.gz"], Zipped(File.ReadAllBytes(folder["a.tar.gz"])));
        ReadArchive(folder);
    }

    private static void ReadPictures(TemporaryFolder folder)
    {
        foreach (string path in Directory.GetFiles(folder.Path))
        {
            ImageCodec.Decode(File.ReadAllBytes(path), maxPixels: 1 << 20);
        }
    }

    private static void Count<T>(IEnumerable<T> items) => Assert.InRange(items.Count(), 0, int.MaxValue);

    private static string[] CifarNames => [.. Enumerable.Range(0, 10).Select(i => $"class {i}")];

    private static byte[] CifarRecords(int count) => [.. Enumerable.Range(0, count).SelectMany(i => Enumerable.Repeat((byte)i, 3073))];

    private static byte[] Text(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static byte[] CifarTar()
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, TarEntryFormat.Gnu, leaveOpen: true))
        {
            writer.WriteEntry(new GnuTarEntry(TarEntryType.Directory, "cifar-10-batches-bin/"));
            foreach (
                (string name, byte[] bytes) in ((string, byte[])[])
                    [("batches.meta.txt", Text(string.Join('\n', CifarNames))), ("test_batch.bin", CifarRecords(2))]
            )
            {
                writer.WriteEntry(new GnuTarEntry(TarEntryType.RegularFile, $"cifar-10-batches-bin/{name}") { DataStream = new MemoryStream(bytes) });
            }
        }
        return stream.ToArray();
    }

    private static byte[] Zipped(byte[] bytes)
    {
        using MemoryStream stream = new();
        using (GZipStream zip = new(stream, CompressionLevel.Fastest))
        {
            zip.Write(bytes);
        }

        return stream.ToArray();
    }
}
