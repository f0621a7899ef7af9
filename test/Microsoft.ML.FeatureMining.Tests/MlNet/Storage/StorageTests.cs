using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining.Tests.MlNet.Storage;

/// <summary>Every kind of image storage gives a bit-identical model.</summary>
public sealed class StorageTests : IClassFixture<SingleThreadFixture>, IDisposable
{
    private static readonly FeatureMiningOptions Options = Tiny.Options with
    {
        Epochs = 2,
        ValidationFraction = 0.25,
        OnUnreadableImage = UnreadableImageBehavior.Skip,
    };

    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];
    private readonly MLContext _ml = new(1);

    public StorageTests()
    {
        // Not that the mined maps of these tiny images are small.
        _ml.Log += (_, e) =>
            _warnings.AddRange(
                e.Kind == ChannelMessageKind.Warning && !e.RawMessage.StartsWith("The strategy 'feature-mining'", StringComparison.Ordinal)
                    ? [e.RawMessage]
                    : []
            );
    }

    private FeatureMiningOptions Cached => Options with { Storage = ImageStorage.Disk, CacheFolder = _folder.Path };

    [Theory]
    [InlineData(ImageStorage.Adaptive, null, "Image")]
    [InlineData(ImageStorage.Adaptive, 1000, "Image")]
    [InlineData(ImageStorage.Disk, null, "Image")]
    [InlineData(ImageStorage.Disk, null, "ImagePath")]
    [InlineData(ImageStorage.Memory, 0, "ImagePath")]
    [InlineData(ImageStorage.Stream, null, "Image")]
    [InlineData(ImageStorage.Stream, null, "ImagePath")]
    public void Fit_AnyStorage_GivesTheSameModelAsMemory(ImageStorage storage, int? budget, string column)
    {
        MakeUnreadable("red");
        string expected = Fit(Options);

        Assert.Equal(expected, Fit(Options with { Storage = storage, MemoryBudget = budget, ImageColumnName = column }));
        // Both warn about the skipped images, and about nothing else.
        Assert.Equal(2, _warnings.Count);
        Assert.Equal(_warnings[0].Replace("'Image'", $"'{column}'", StringComparison.Ordinal), _warnings[1]);
    }

    [Fact]
    public void Fit_CacheFolder_DecodesNothingTheSecondTime()
    {
        FeatureMiningOptions options = Cached with { ImageColumnName = "ImagePath" };
        string expected = Fit(options);
        // Same length and time, but no longer an image: reading one would fail.
        foreach (string file in Directory.GetFiles(_images.Root, "*.png", SearchOption.AllDirectories))
        {
            (DateTime time, long length) = (File.GetLastWriteTimeUtc(file), new FileInfo(file).Length);
            File.WriteAllBytes(file, new byte[length]);
            File.SetLastWriteTimeUtc(file, time);
        }

        Assert.Equal(expected, Fit(options));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Fit_BeyondTheBudgetWithMissingFolder_CreatesItAndKeepsTheFile()
    {
        string folder = Path.Combine(_folder.Path, "not", "yet-created");

        Fit(Options with { MemoryBudget = 1000, CacheFolder = folder });

        Assert.Single(Directory.GetFiles(folder));
        Assert.Empty(_warnings);
    }

    [Fact]
    public void Fit_CacheFolder_HasOneFilePerKindOfDecoding()
    {
        Fit(Cached);
        Fit(Cached);
        Assert.Single(Directory.GetFiles(_folder.Path));

        Fit(Cached with { ImageHeight = 8 });
        Fit(Cached with { Resize = ResizeRule.Squash });
        MakeUnreadable("red");
        Fit(Cached);
        Assert.Equal(4, Directory.GetFiles(_folder.Path).Length);
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(-100, false)]
    [InlineData(1000, true)]
    public void Fit_DamagedCacheFile_IsCreatedAgain(int position, bool truncates)
    {
        string expected = Fit(Cached);
        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        byte[] whole = File.ReadAllBytes(file);
        byte[] damaged = truncates ? whole[..position] : [.. whole];
        damaged[position < 0 ? damaged.Length + position : position / 2] ^= 1;
        File.WriteAllBytes(file, damaged);

        Assert.Equal(expected, Fit(Cached));
        Assert.Contains("will be created again", Assert.Single(_warnings), StringComparison.Ordinal);
        Assert.Equal(whole, File.ReadAllBytes(file));
    }

    [Fact]
    public async Task Read_AnotherProcessHasTheTurnToWriteTheFile_WaitsAndReadsItsFile()
    {
        StorageSettings storage = new() { Storage = ImageStorage.Disk, CacheFolder = _folder.Path };
        Read(storage, "ImagePath").Dispose();
        string file = Assert.Single(Directory.GetFiles(_folder.Path));
        File.Move(file, file + ".moved");
        // Same length and time, but no longer an image: reading one would fail.
        foreach (string image in Directory.GetFiles(_images.Root, "*.png", SearchOption.AllDirectories))
        {
            (DateTime time, long length) = (File.GetLastWriteTimeUtc(image), new FileInfo(image).Length);
            File.WriteAllBytes(image, new byte[length]);
            File.SetLastWriteTimeUtc(image, time);
        }

        Task<ImageSet> read;
        using (PixelFileWriter.Wait(_folder.Path, Path.GetFileNameWithoutExtension(file), () => { }))
        {
            read = Task.Run(() => Read(storage, "ImagePath"));
            await Task.Delay(500);
            Assert.False(read.IsCompleted);
            File.Move(file + ".moved", file);
        }

        using ImageSet images = await read.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(36, images.Count);
        Assert.Equal([file], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Read_ManyAtOnce_LeaveOneFileAndNoLock()
    {
        StorageSettings storage = new() { Storage = ImageStorage.Disk, CacheFolder = _folder.Path };

        ImageSet[] sets = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => Read(storage, "ImagePath"))));

        Assert.Single(sets.Select(images => Convert.ToHexString(images.ContentHash())).Distinct());
        Assert.Single(Directory.GetFiles(_folder.Path));
        Array.ForEach(sets, images => images.Dispose());
    }

    [Fact]
    public async Task Read_CanceledWhileAnotherProcessHasTheTurn_Stops()
    {
        bool canceled = false;
        using IDisposable? turn = PixelFileWriter.Wait(_folder.Path, "a", () => { });
        Task waiting = Task.Run(() => PixelFileWriter.Wait(_folder.Path, "a", () => _ = canceled ? throw new OperationCanceledException() : true));
        await Task.Delay(200);
        Assert.False(waiting.IsCompleted);

        canceled = true;

        await Assert.ThrowsAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Fit_CacheFileWithSkippedImages_StillThrowsWithThrow()
    {
        MakeUnreadable("red");
        Fit(Cached);

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() => Fit(Cached with { OnUnreadableImage = UnreadableImageBehavior.Throw }));

        Assert.Contains("cannot be read", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_UnwritableFolder_StreamsAndWarns()
    {
        string expected = Fit(Options);
        string file = Path.Combine(_folder.Path, "file");
        File.WriteAllBytes(file, []);

        Assert.Equal(expected, Fit(Cached with { CacheFolder = Path.Combine(file, "below") }));
        Assert.Contains("decoded again in each epoch", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_StreamedFileChanges_NamesIt()
    {
        string file = Directory.GetFiles(_images.Root, "*.png", SearchOption.AllDirectories)[3];
        FeatureMiningOptions options = Options with
        {
            Storage = ImageStorage.Stream,
            ImageColumnName = "ImagePath",
            Progress = _ => File.WriteAllBytes(file, ColoredImages.Png(0, new Random(99))),
        };

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() => Fit(options));

        Assert.Contains($"file '{file}', has changed since Fit started.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_StreamedRowsWithStrategyThatOrdersImages_Throws()
    {
        FeatureMiningOptions options = Options with { Storage = ImageStorage.Stream, ShuffleBufferSize = 2, Strategies = [new ClassWiseSelfDistillation()] };

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Fit(options));

        Assert.Contains("ShuffleBufferSize", error.Message, StringComparison.Ordinal);
        Fit(options with { ImageColumnName = "ImagePath" });
    }

    [Fact]
    public void Fit_StreamedRowsWithStrategyThatDrawsImages_Throws()
    {
        FeatureMiningOptions options = Options with
        {
            Storage = ImageStorage.Stream,
            Strategies = [new ClassWiseSelfDistillation { Partners = PartnerSource.Class }],
        };

        ArgumentException error = Assert.Throws<ArgumentException>(() => Fit(options));

        Assert.Contains(
            "The strategy 'cs-kd' draws random training images, but the rows are streamed sequentially. " + "Use an image column of paths",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(Fit(options with { Storage = ImageStorage.Memory }), Fit(options with { ImageColumnName = "ImagePath" }));
    }

    [Fact]
    public void Fit_StreamedRowsWithBalancedSampling_Throws()
    {
        FeatureMiningOptions options = Options with { Storage = ImageStorage.Stream, Sampling = Sampling.Balanced };

        ArgumentException error = Assert.Throws<ArgumentException>(() => Fit(options));

        Assert.Contains("Balanced Sampling reads training images in any order", error.Message, StringComparison.Ordinal);
        Assert.Equal(Fit(options with { Storage = ImageStorage.Memory }), Fit(options with { ImageColumnName = "ImagePath" }));
    }

    [Theory]
    [InlineData(ImageStorage.Memory, "Image")]
    [InlineData(ImageStorage.Disk, "Image")]
    [InlineData(ImageStorage.Stream, "Image")]
    [InlineData(ImageStorage.Stream, "ImagePath")]
    public void Fit_CanceledAtAnyStep_ResumesBitIdentically(ImageStorage storage, string column)
    {
        using ImageSet images = Read(new StorageSettings { Storage = storage, ShuffleBufferSize = 5 }, column);
        TrainingRecipe recipe = TinyRun.Recipe with { Input = images.Shape };
        string whole = TinyRun.Bits(TinyRun.Fit(recipe, images));

        // 36 images in batches of 8: five steps per epoch, two epochs.
        for (int step = 0; step < 10; step++)
        {
            MemoryStore store = new();
            int asked = 0;
            TinyRun.Fit(recipe, images, checkpoints: store, canceled: () => asked++ == step);

            Assert.Equal(whole, TinyRun.Bits(TinyRun.Fit(recipe, images, checkpoints: store)));
        }
    }

    [Fact]
    public void ContentHash_AnyStorage_IsEqual()
    {
        using ImageSet memory = Read(new StorageSettings { Storage = ImageStorage.Memory });
        using ImageSet disk = Read(new StorageSettings { Storage = ImageStorage.Disk });
        using ImageSet rows = Read(new StorageSettings { Storage = ImageStorage.Stream });
        using ImageSet files = Read(new StorageSettings { Storage = ImageStorage.Stream }, "ImagePath");

        Assert.Single(new[] { memory, disk, rows, files }.Select(images => Convert.ToHexString(images.ContentHash())).Distinct());
        Assert.Single(new[] { memory, disk, rows, files }.Select(images => string.Join(' ', [.. images.Statistics.Mean, .. images.Statistics.Std])).Distinct());
    }

    [Theory]
    [InlineData(ImageStorage.Memory, "Image")]
    [InlineData(ImageStorage.Disk, "Image")]
    [InlineData(ImageStorage.Stream, "ImagePath")]
    public void Fit_RowsSortedByLabel_TrainLikeShuffledOnes(ImageStorage storage, string column)
    {
        FeatureMiningOptions options = Options with { Epochs = 8, ValidationFraction = 0.25, Storage = storage, ImageColumnName = column };
        IDataView sorted = _ml.Data.LoadImageFolder(_images.Root);

        Assert.Equal(1, Accuracy(sorted));
        Assert.Equal(1, Accuracy(_images.Rows(_ml)));

        double Accuracy(IDataView rows) => Tiny.Pipeline(_ml, options).Fit(rows).LastTransformer.Model.History.Max(epoch => epoch.ValidationAccuracy!.Value);
    }

    // 36 images: at 8 pixels one chunk, at 2048 (12 MB each, decoded) several. The check for cancellation comes after each full chunk.
    [Theory]
    [InlineData(8, false)]
    [InlineData(2048, true)]
    public void LabeledRows_LargeDecodedImages_AreReadInSmallChunks(int side, bool several)
    {
        int chunks = 0;
        Labeled("ImagePath", side, () => chunks++).ContentKey();

        // A chunk has a row for each core at least.
        Assert.Equal(several && Environment.ProcessorCount <= 36, chunks > 0);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    private void MakeUnreadable(string name) =>
        File.WriteAllBytes(Directory.GetFiles(Path.Combine(_images.Root, name)).Order(StringComparer.Ordinal).First(), [1, 2, 3]);

    private ImageSet Read(StorageSettings storage, string column = "Image") =>
        new ImageSetReader(UnreadableImageBehavior.Throw, storage, _warnings.Add).Read(Labeled(column, 12, () => { })).Images;

    private LabeledRows Labeled(string column, int side, Action checkCanceled)
    {
        IDataView rows = _ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(_ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath"))
            .Fit(_images.Rows(_ml))
            .Transform(_images.Rows(_ml));
        ImagePreprocessing preprocessing = new() { Shape = new ImageShape(3, side, side) };
        return new LabeledRows(
            rows,
            KeyLabelColumn.Bind(rows.Schema, "Label"),
            ImageColumn.Bind(rows.Schema, column, preprocessing, ImageCodec.DefaultMaxPixels),
            checkCanceled
        );
    }

    private string Fit(FeatureMiningOptions options)
    {
        ImageClassificationTransformer model = Tiny.Pipeline(_ml, options).Fit(_images.Rows(_ml)).LastTransformer;
        return TinyRun.Bits(model.Model.Saved.Weights);
    }
}
