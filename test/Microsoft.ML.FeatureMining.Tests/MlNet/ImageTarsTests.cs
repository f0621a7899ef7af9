using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Tests.Datasets;
using Microsoft.ML.FeatureMining.Tests.Files;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Rows and models from tar files, against those from the same images in a folder.</summary>
public sealed class ImageTarsTests : IClassFixture<SingleThreadFixture>, IDisposable
{
    private const int Shards = 3;

    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly MLContext _ml = new(1);

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void LoadImageTars_SameImages_GivesTheRowsOfTheFolder()
    {
        IDataView folder = _images.Rows(_ml);
        IDataView tars = _ml.Data.LoadImageTars(WriteShards());

        Assert.Equal(["ImagePath", "Image", "Label"], tars.Schema.Select(column => column.Name));
        Assert.Equal(folder.GetColumn<string>("Label"), tars.GetColumn<string>("Label"));
        Assert.Equal(folder.GetColumn<string>("ImagePath").Select(File.ReadAllBytes), tars.GetColumn<byte[]>("Image"));
        Assert.Equal(tars.GetColumn<byte[]>("Image"), tars.GetColumn<string>("ImagePath").Select(ImageTars.ReadImage));
    }

    [Theory]
    [InlineData(ImageStorage.Memory, "Image")]
    [InlineData(ImageStorage.Memory, "ImagePath")]
    [InlineData(ImageStorage.Disk, "ImagePath")]
    [InlineData(ImageStorage.Stream, "ImagePath")]
    public void Fit_Tars_GivesBitIdenticalWeights(ImageStorage storage, string column)
    {
        FeatureMiningOptions options = Tiny.Options with { Epochs = 2, ValidationFraction = 0.25, ImageColumnName = "ImagePath" };
        string expected = Fit(_images.Rows(_ml), options);

        Assert.Equal(expected, Fit(_ml.Data.LoadImageTars(WriteShards()), options with { Storage = storage, ImageColumnName = column }));
    }

    [Fact]
    public void Fit_TarOnAServer_GivesBitIdenticalWeights()
    {
        FeatureMiningOptions options = Tiny.Options with { Epochs = 1, ImageColumnName = "ImagePath", Storage = ImageStorage.Stream };
        WriteShards(1);
        using RangeServer server = new(File.ReadAllBytes(_folder["train-000.tar"]));

        Assert.Equal(Fit(_images.Rows(_ml), options), Fit(_ml.Data.LoadImageTars(server.Address), options));
    }

    [Fact]
    public void Fit_TarsWithCacheFolder_DecodesNothingTheSecondTime()
    {
        string shards = WriteShards();
        FeatureMiningOptions options = Tiny.Options with
        {
            Epochs = 1,
            ImageColumnName = "ImagePath",
            Storage = ImageStorage.Disk,
            CacheFolder = _folder["cache"],
        };
        IDataView tars = _ml.Data.LoadImageTars(shards);
        string expected = Fit(tars, options);
        foreach (string shard in Directory.GetFiles(_folder.Path, "*.tar"))
        {
            File.Delete(shard);
        }

        Assert.Equal(expected, Fit(tars, options));
    }

    [Fact]
    public void Cursor_Shuffled_GivesTheSameRowsInAnotherOrder()
    {
        IDataView tars = _ml.Data.LoadImageTars(WriteShards());
        (string, byte[], string)[] inOrder = Rows(tars);
        (string, byte[], string)[] shuffled = Rows(_ml.Data.ShuffleRows(tars, seed: 3));

        Assert.NotEqual(inOrder.Select(row => row.Item1), shuffled.Select(row => row.Item1));
        Assert.Equal(inOrder.OrderBy(row => row.Item1, StringComparer.Ordinal), shuffled.OrderBy(row => row.Item1, StringComparer.Ordinal), Same);

        (string, byte[], string)[] Rows(IDataView view)
        {
            using DataViewRowCursor cursor = view.GetRowCursor(view.Schema, new Random(3));
            ValueGetter<ReadOnlyMemory<char>> path = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["ImagePath"]);
            ValueGetter<VBuffer<byte>> image = cursor.GetGetter<VBuffer<byte>>(view.Schema["Image"]);
            ValueGetter<ReadOnlyMemory<char>> label = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Label"]);
            List<(string, byte[], string)> rows = [];
            while (cursor.MoveNext())
            {
                (ReadOnlyMemory<char> pathValue, VBuffer<byte> imageValue, ReadOnlyMemory<char> labelValue) = (default, default, default);
                path(ref pathValue);
                image(ref imageValue);
                label(ref labelValue);
                rows.Add((pathValue.ToString(), [.. imageValue.DenseValues()], labelValue.ToString()));
            }

            return [.. rows];
        }

        bool Same((string, byte[], string) one, (string, byte[], string) other) =>
            one.Item1 == other.Item1 && one.Item3 == other.Item3 && one.Item2.SequenceEqual(other.Item2);
    }

    [Fact]
    public void Fit_UnreadableImageInATar_NamesShardAndMember()
    {
        string shard = _folder.Write(
            "a.tar",
            TarFiles.Of(("x/1.jpg", [1, 2, 3]), ("x/1.cls", TarFiles.Text("a")), ("2.jpg", [1]), ("2.cls", TarFiles.Text("b")))
        );

        Exception error = Assert.ThrowsAny<Exception>(() => Fit(_ml.Data.LoadImageTars(shard), Tiny.Options with { ImageColumnName = "ImagePath" }));

        Assert.Contains($"column 'ImagePath', row 0, file '{shard}#x/1.jpg', cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadImageTars_ClassNames_NameTheNumbers()
    {
        string shard = _folder.Write("a.tar", TarFiles.Of(("1.jpg", []), ("1.cls", TarFiles.Text("1\n")), ("2.jpg", []), ("2.cls", TarFiles.Text("0"))));
        string names = _folder.Write("classes.txt", "cat\nbig dog\n");

        Assert.Equal(["big dog", "cat"], Labels(names));
        Assert.Contains("line 2: the line is empty", Error("cat\n\ndog"), StringComparison.Ordinal);
        Assert.Contains("line 2: 'cat' is already on an earlier line", Error("cat\ncat"), StringComparison.Ordinal);
        Assert.Contains("is empty", Error(""), StringComparison.Ordinal);

        string[] Labels(string path) => [.. _ml.Data.LoadImageTars(shard, new() { ClassNamesPath = path }).GetColumn<string>("Label")];
        string Error(string text) => Assert.Throws<InvalidDataException>(() => Labels(_folder.Write("bad.txt", text))).Message;
    }

    [Fact]
    public void LoadImageTars_SeveralProblems_ReportsTheFirstShard()
    {
        string[] shards = [.. Enumerable.Range(0, 20).Select(i => _folder.Write($"{i:d2}.tar", TarFiles.Of(($"{i}.jpg", []))))];

        for (int i = 0; i < 20; i++)
        {
            string message = Assert.Throws<InvalidDataException>(() => _ml.Data.LoadImageTars(shards)).Message;
            Assert.Contains($"'{shards[0]}', key '0'", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void LoadImageTars_EmptyShard_WarnsAndOnlyEmptyOnesAreAnError()
    {
        List<string> warnings = [];
        _ml.Log += (_, e) => warnings.AddRange(e.Kind == ChannelMessageKind.Warning ? [e.RawMessage] : []);
        string empty = _folder.Write("empty.tar", new byte[1024]);
        string full = _folder.Write("full.tar", TarFiles.Of(("1.jpg", []), ("1.cls", TarFiles.Text("1"))));

        Assert.Equal(1, _ml.Data.LoadImageTars([empty, full]).GetRowCount());
        Assert.Equal($"'{empty}': there are no images.", Assert.Single(warnings));
        Assert.Contains(
            $"'{empty}' contains no images",
            Assert.Throws<InvalidDataException>(() => _ml.Data.LoadImageTars(empty)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void LoadImageTars_Canceled_Stops()
    {
        string shards = WriteShards();

        Assert.ThrowsAny<OperationCanceledException>(() => _ml.Data.LoadImageTars(shards, cancellationToken: new CancellationToken(canceled: true)));
    }

    // The images of the folder, in its order.
    private string WriteShards(int shards = Shards)
    {
        (string Path, string Label)[] rows = [.. _images.Rows(_ml).GetColumn<string>("ImagePath").Zip(_images.Rows(_ml).GetColumn<string>("Label"))];
        foreach ((int i, (string Path, string Label)[] shard) in rows.Chunk(rows.Length / shards).Index())
        {
            _folder.Write(
                $"train-{i:d3}.tar",
                TarFiles.Of([
                    .. shard.SelectMany(row =>
                        ((string, byte[])[])
                            [
                                ($"{row.Label}/{Path.GetFileName(row.Path)}", File.ReadAllBytes(row.Path)),
                                ($"{row.Label}/{Path.GetFileNameWithoutExtension(row.Path)}.cls", TarFiles.Text(row.Label)),
                            ]
                    ),
                ])
            );
        }

        return _folder[$"train-{{000..{shards - 1:d3}}}.tar"];
    }

    private string Fit(IDataView rows, FeatureMiningOptions options)
    {
        EstimatorChain<ImageClassificationTransformer> pipeline = _ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(_ml.MulticlassClassification.Trainers.FeatureMining(options));
        return TinyRun.Bits(pipeline.Fit(rows).LastTransformer.Model.Saved.Weights);
    }
}
