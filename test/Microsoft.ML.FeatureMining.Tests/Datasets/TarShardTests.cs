using System.Formats.Tar;
using System.IO.Compression;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Files;
using static Microsoft.ML.FeatureMining.Tests.Datasets.TarFiles;

namespace Microsoft.ML.FeatureMining.Tests.Datasets;

/// <summary>The index of a tar file, against the tar writer of .NET, and what damaged files do.</summary>
public sealed class TarShardTests : IDisposable
{
    private const int BlockBytes = 512;

    private static readonly (string, byte[])[] TwoImages = [("a.jpg", new byte[700]), ("a.cls", Text("0")), ("b.jpg", new byte[512]), ("b.cls", Text("1"))];

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(TarEntryFormat.V7)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Gnu)]
    public void Read_AnyFormat_FindsTheBytesThatTarWriterWrote(TarEntryFormat format) =>
        PropertyAssert.Holds(
            Prop.ForAll<int>(seed =>
            {
                Random random = new(seed);
                (string Name, byte[] Bytes)[] images = [.. Enumerable.Range(0, random.Next(1, 8)).Select(i => (NameOf(i, format, random), Noise(random)))];
                (string Name, byte[] Bytes)[] labels = [.. images.Select((image, i) => ($"{image.Name[..^4]}.cls", Text($"class {i}\n")))];
                (string Name, byte[] Bytes)[] members = [.. images, .. labels, ("folder/", []), ("notes", Noise(random)), ("c.seg.png", Noise(random))];
                random.Shuffle(members);

                IReadOnlyList<TarImageRow> rows = Read(Of(format, members));

                (string Name, byte[] Bytes)[] expected = [.. members.Where(images.Contains)];
                Assert.Equal(expected.Select(image => image.Bytes), rows.Select(row => row.Image));
                Assert.Equal(expected.Select(image => image.Bytes), rows.Select(row => ImageTars.ReadImage(row.ImagePath)));
                Assert.Equal(expected.Select(image => $"{_folder["a.tar"]}#{image.Name}"), rows.Select(row => TarMember.NameOf(row.ImagePath)));
                Assert.Equal(expected.Select(image => $"class {Array.IndexOf(images, image)}"), rows.Select(row => row.Label));
            }),
            cases: 40
        );

    [Theory]
    [InlineData("a/b/0001.jpg", "a/b/0001")]
    [InlineData("a.b/0001.JPEG", "a.b/0001")]
    [InlineData("./0001.png", "0001")]
    [InlineData("x#y%23@1+2.webp", "x#y%23@1+2")]
    [InlineData("Vögel 鳥.jpg", "Vögel 鳥")]
    public void Read_KeyWithFolderOrOtherCharacters_IsTheNameUpToTheFirstDot(string image, string key)
    {
        TarImageRow row = Assert.Single(Read(Of(TarEntryFormat.Pax, ($"{key}.cls", Text("7")), (image, [1, 2, 3]))));

        Assert.Equal("7", row.Label);
        Assert.Equal([1, 2, 3], ImageTars.ReadImage(row.ImagePath));
        Assert.Equal($"{_folder["a.tar"]}#{(image.StartsWith("./", StringComparison.Ordinal) ? image[2..] : image)}", TarMember.NameOf(row.ImagePath));
    }

    [Fact]
    public void Read_TruncatedAtAnyBlock_SaysSo()
    {
        byte[] whole = Of(TarEntryFormat.Pax, TwoImages);
        int end = whole.Length - (2 * BlockBytes);
        Assert.Equal(2, Read(whole).Count);
        Assert.Equal(2, Read(whole[..^BlockBytes]).Count);

        for (int length = 0; length <= end; length += BlockBytes)
        {
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(whole[..length]));
            Assert.Contains($"'{_folder["a.tar"]}' is", error.Message, StringComparison.Ordinal);
            Assert.Contains("truncated", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Read_AnyBitOfAHeaderFlipped_GivesTheSameRowsOrAnErrorThatNamesTheFile()
    {
        byte[] whole = Of(TarEntryFormat.Gnu, TwoImages);
        string[] expected = [.. Read(whole).Select(row => $"{TarMember.NameOf(row.ImagePath)} {row.Label}")];
        int refused = 0;
        for (int bit = 0; bit < 8 * BlockBytes; bit++)
        {
            byte[] damaged = [.. whole];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.Equal(expected, Read(damaged).Select(row => $"{TarMember.NameOf(row.ImagePath)} {row.Label}"));
            }
            catch (InvalidDataException e)
            {
                Assert.Contains(_folder["a.tar"], e.Message, StringComparison.Ordinal);
                refused++;
            }
        }

        Assert.True(refused > 3000, $"Only {refused} of 4096 flipped bits were seen.");
    }

    [Fact]
    public void Read_HeaderWithoutImage_DoesNotAllocateWhatItAsksFor()
    {
        byte[] header = Of(TarEntryFormat.Gnu, (new string('n', 200) + ".jpg", [1]))[..BlockBytes];
        Assert.Equal((byte)'L', header[156]);
        "17777777777"u8.CopyTo(header.AsSpan(124));
        "        "u8.CopyTo(header.AsSpan(148));
        Text(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0')).CopyTo(header, 148);
        header[154] = 0;
        byte[] bytes = [.. header, .. new byte[4 * BlockBytes]];
        long before = GC.GetTotalAllocatedBytes(precise: true);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(bytes));

        Assert.Contains("at byte 0: an extended header is longer than", error.Message, StringComparison.Ordinal);
        Assert.True(GC.GetTotalAllocatedBytes(precise: true) - before < 10_000_000);
    }

    [Fact]
    public void Read_ImageLongerThanTheFile_SaysWhichAndWhere()
    {
        byte[] whole = Of(("a.cls", Text("0")), ("a.jpg", new byte[5000]));

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(whole[..(3 * BlockBytes + 1000)]));

        Assert.Contains("is truncated: 'a.jpg' has 5000 bytes, but the tar file ends 1000 bytes after its start", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TarFilesJoinedByCat_SaysSo()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read([.. Of(TwoImages), .. Of(TwoImages)]));

        Assert.Contains("data after the end of the tar file", error.Message, StringComparison.Ordinal);
        Assert.Contains("The last member before it is 'b.cls'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Compressed_SaysWhatToDo()
    {
        using MemoryStream zipped = new();
        using (GZipStream zip = new(zipped, CompressionLevel.Fastest, leaveOpen: true))
        {
            zip.Write(Of(TwoImages));
        }

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(zipped.ToArray()));

        Assert.Contains("is compressed (gzip)", error.Message, StringComparison.Ordinal);
        Assert.Contains("Decompress it to a plain .tar", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.png", "key 'a': the key has two images; the second is 'a.png'")]
    [InlineData("a.jpg", "key 'a': the key has two images; the second is 'a.jpg'")]
    [InlineData("a.cls", "key 'a': the key has two labels; the second is 'a.cls'")]
    public void Read_KeyTwice_NamesIt(string second, string expected)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(Of([.. TwoImages, (second, Text("0"))])));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MissingLabel_NamesTheKeyOrLoadsWithoutLabel()
    {
        byte[] tar = Of([.. TwoImages, ("c/d.png", [1])]);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(tar));

        Assert.Contains($"'{_folder["a.tar"]}', key 'c/d': there is no label in 'c/d.cls'", error.Message, StringComparison.Ordinal);
        Assert.Equal(["0", "1", ""], Read(tar, new() { RequireLabels = false }).Select(row => row.Label));
    }

    [Theory]
    [InlineData("2", "the label '2' is not a number from 0 to 1")]
    [InlineData("-1", "the label '-1' is not a number from 0 to 1")]
    [InlineData("cat", "the label 'cat' is not a number from 0 to 1")]
    [InlineData("0\n1", "has more than one line")]
    [InlineData("bytes", "is not text in UTF-8")]
    public void Read_LabelThatIsNoNumberOfAClass_NamesTheKey(string label, string expected)
    {
        byte[] bytes = label == "bytes" ? [0xED, 0xA0, 0x80] : Text(label);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Read(Of(("x.jpg", []), ("x.cls", bytes)), new(), ["cat", "dog"]));

        Assert.Contains("key 'x': ", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"label": "cat", "other": [1]}""", "cat")]
    [InlineData("""{"label": 12}""", "12")]
    [InlineData("""{"label": [1]}""", "field 'label' of 'x.json' is neither text nor a number")]
    [InlineData("""{"other": 1}""", "there is no label, field 'label', in 'x.json'")]
    [InlineData("[1]", "there is no label, field 'label', in 'x.json'")]
    [InlineData("{", "'x.json' is not valid JSON")]
    public void Read_LabelInJson_IsTheField(string json, string expected)
    {
        byte[] tar = Of(("x.json", Text(json)), ("x.cls", Text("no")), ("x.jpg", [1]));
        string actual;
        try
        {
            actual = Read(tar, new() { JsonField = "label" }).Single().Label;
        }
        catch (InvalidDataException e)
        {
            actual = e.Message;
        }

        Assert.Contains(expected, actual, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ImagesThatAreNotRead_AreCounted()
    {
        byte[] tar = Of([.. TwoImages, ("c.tif", [1]), ("c.cls", Text("0")), ("d.heic", [1]), (".hidden.jpg", [1]), ("__MACOSX/e.jpg", [1])]);

        Assert.Equal(2, Read(tar).Count);
        Assert.Equal($"'{_folder["a.tar"]}': 2 keys have no image in a format that is read, such as 'c'.", Assert.Single(_warnings));
    }

    [Fact]
    public void Read_Links_AreCounted()
    {
        using MemoryStream stream = new();
        using (TarWriter writer = new(stream, TarEntryFormat.Gnu, leaveOpen: true))
        {
            writer.WriteEntry(new GnuTarEntry(TarEntryType.HardLink, "b.jpg") { LinkName = "a.jpg" });
        }

        Assert.Empty(Read(stream.ToArray(), new() { RequireLabels = false }));
        Assert.Contains(_warnings, warning => warning.Contains("1 link was not read.", StringComparison.Ordinal));
    }

    [Fact]
    public void ReadImage_TarFileWasReplaced_SaysSo()
    {
        string path = Read(Of(TwoImages))[0].ImagePath;
        _folder.Write("a.tar", Of([("z.jpg", new byte[3]), .. TwoImages]));

        IOException error = Assert.Throws<IOException>(() => ImageTars.ReadImage(path));

        Assert.Contains("has changed since it was loaded", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.jpg")]
    [InlineData("tar:a.tar#a.jpg")]
    [InlineData("tar:a.tar#a.jpg@1+99999999999~0123456789abcdef")]
    public void ReadImage_OtherText_Throws(string path) => Assert.Throws<ArgumentException>(() => ImageTars.ReadImage(path));

    private IReadOnlyList<TarImageRow> Read(byte[] tar, ImageTarFormat? format = null, string[]? classNames = null) =>
        TarShard.Read(_folder.Write("a.tar", tar), format ?? new(), classNames, _warnings.Add, CancellationToken.None);

    // V7 has names of at most 100 bytes, Ustar folders of at most 155 more.
    private static string NameOf(int number, TarEntryFormat format, Random random)
    {
        int length = format switch
        {
            TarEntryFormat.V7 => random.Next(1, 40),
            TarEntryFormat.Ustar => random.Next(1, 90),
            _ => random.Next(1, 400),
        };
        string folder = random.Next(2) == 0 ? "" : $"{new string('f', length)}.d/";
        return $"{folder}{new string((char)random.Next('a', 'z'), length)}{number}.{(random.Next(2) == 0 ? "jpg" : "PNG")}";
    }

    private static byte[] Noise(Random random)
    {
        byte[] bytes = new byte[
            random.Next(3) switch
            {
                0 => 0,
                1 => BlockBytes * random.Next(1, 4),
                _ => random.Next(2000),
            }
        ];
        random.NextBytes(bytes);
        return bytes;
    }
}
