using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Fit: input columns, initial weights, validation, invalid rows, cancellation and early stopping.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class TrainerTests(TrainedModel trained)
{
    private static readonly FeatureMiningOptions Short = Tiny.Options with { Epochs = 1 };

    [Fact]
    public void Fit_TwiceWithOneEstimator_IsBitIdentical()
    {
        MLContext ml = new(4);
        EstimatorChain<ImageClassificationTransformer> pipeline = Tiny.Pipeline(ml, Short with { Seed = null });

        float[][] first = trained.Scores(pipeline.Fit(trained.Rows));
        float[][] second = trained.Scores(pipeline.Fit(trained.Rows));
        float[][] sameSeed = trained.Scores(Tiny.Pipeline(new MLContext(4), Short with { Seed = null }).Fit(trained.Rows));
        float[][] otherSeed = trained.Scores(Tiny.Pipeline(new MLContext(5), Short with { Seed = null }).Fit(trained.Rows));

        Assert.Equal(first, second);
        Assert.Equal(first, sameSeed);
        Assert.NotEqual(first, otherSeed);
    }

    [Fact]
    public void Fit_EachEpoch_IsLoggedAndReported()
    {
        MLContext ml = new(1);
        List<string> log = [];
        ml.Log += (_, e) => log.Add($"{e.Source}|{e.Kind}|{e.RawMessage}");
        List<TrainingProgress> progress = [];

        Tiny.Pipeline(ml, Short with { Epochs = 2, ValidationFraction = 0.25, Progress = progress.Add }).Fit(trained.Rows);

        Assert.Equal(2, log.Count(line => line.StartsWith("FeatureMining; Training|Info|Epoch ", StringComparison.Ordinal)));
        Assert.Contains(
            log,
            line => line.Contains("Epoch 2/2: loss ", StringComparison.Ordinal) && line.Contains(", validation loss ", StringComparison.Ordinal)
        );
        Assert.Contains(
            log,
            line => line.EndsWith("Training cifar-resnet-8 on cpu: 27 training images (3x12x12), 9 validation images, 3 classes", StringComparison.Ordinal)
        );
        Assert.Equal([1, 2], progress.Where(report => report.Completed is not null).Select(report => report.Completed!.Epoch));
    }

    [Fact]
    public void Fit_InitialWeightsOfAnExportedModel_LoadsThemAndLogsIt()
    {
        string folder = Directory.CreateTempSubdirectory("initial-weights-").FullName;
        try
        {
            trained.Context.Model.ExportImageModel(trained.Transformer, folder);
            MLContext ml = new(1);
            List<string> log = [];
            ml.Log += (_, e) => log.Add(e.RawMessage);
            FeatureMiningOptions options = Short with
            {
                InitialWeights = Path.Combine(folder, "weights.safetensors"),
                LearningRate = 1e-9,
                CropPadding = 0,
                HorizontalFlip = false,
                KeepWeights = KeepWeights.Last,
            };

            double fromModel = Tiny.Pipeline(ml, options).Fit(trained.Rows).LastTransformer.Model.History[0].TrainAccuracy;
            double fromScratch = Tiny.Pipeline(ml, options with { InitialWeights = null }).Fit(trained.Rows).LastTransformer.Model.History[0].TrainAccuracy;

            Assert.True(fromModel > fromScratch + 0.2, $"{fromModel} and {fromScratch}");
            Assert.Contains(
                log,
                line =>
                    line.StartsWith("Initial weights from '", StringComparison.Ordinal)
                    && line.Contains(" tensors loaded; 0 tensors of the file skipped; 0 tensors of the network not in the file.", StringComparison.Ordinal)
            );

            // Two classes instead of three: the classifier is not loaded.
            IDataView two = ml.Data.LoadFromEnumerable(
                ml.Data.CreateEnumerable<FileRow>(trained.Rows, reuseRowObject: false).Where(row => row.Label != "green").ToArray()
            );
            Tiny.Pipeline(ml, options).Fit(two);
            Assert.Contains(log, line => line.Contains("2 tensors of the network not in the file (fc.weight, fc.bias).", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Create_MissingInitialWeights_Throws()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            trained.Context.MulticlassClassification.Trainers.FeatureMining(Short with { InitialWeights = "none.safetensors" })
        );

        Assert.Contains("The file 'none.safetensors' of InitialWeights does not exist.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_ValidationSet_ValidatesEachEpochAndKeepsTheBest()
    {
        MLContext ml = new(1);
        ImageClassificationModel model = ml
            .MulticlassClassification.Trainers.FeatureMining(Tiny.Options with { ValidationSet = trained.Loaded })
            .Fit(trained.Loaded)
            .Model;

        Assert.All(model.History, epoch => Assert.NotNull(epoch.ValidationAccuracy));
        Assert.Equal(model.History.MaxBy(epoch => epoch.ValidationAccuracy)!.Epoch, model.Epoch);
    }

    [Fact]
    public void Fit_ValidationSetWithUnmappedLabels_ValidatesOnTheSameImages()
    {
        MLContext ml = new(1);

        EpochMetrics mapped = ValidatedOn(trained.Loaded);
        EpochMetrics raw = ValidatedOn(trained.Rows);

        Assert.NotNull(raw.ValidationLoss);
        Assert.Equal((mapped.ValidationLoss, mapped.ValidationAccuracy), (raw.ValidationLoss, raw.ValidationAccuracy));

        EpochMetrics ValidatedOn(IDataView rows) => Tiny.Pipeline(ml, Short with { ValidationSet = rows }).Fit(trained.Rows).LastTransformer.Model.History[0];
    }

    [Fact]
    public void Fit_ValidationSetWithNumericLabels_SkipsUnknownClasses()
    {
        MLContext ml = new(1);
        List<string> warnings = [];
        ml.Log += (_, e) => warnings.AddRange(e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning ? [e.RawMessage] : []);
        IDataView train = Numbered(20, 30, 20, 30);

        FeatureMiningOptions options = Short with { Stages = 0, ValidationSet = Numbered(30, 20, 40) };
        ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.MulticlassClassification.Trainers.FeatureMining(options)).Fit(train);

        Assert.Equal(["1 validation rows were skipped because their label is missing or is not a known class. Unknown: '40'."], warnings);

        IDataView Numbered(params int[] labels) =>
            ml.Data.LoadFromEnumerable(
                labels.Select(label => new NumberedRow { Label = label, Image = ColoredImages.Png(label % 3, new Random(label)) }).ToArray()
            );
    }

    [Fact]
    public void Fit_ValidationSetWithMissingFile_NamesIt()
    {
        IDataView rows = trained.Context.Data.LoadFromEnumerable([new FileRow { ImagePath = "no-such-file.png", Label = "red" }]);

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() =>
            trained.Context.MulticlassClassification.Trainers.FeatureMining(Short with { ValidationSet = rows }).Fit(trained.Loaded)
        );

        Assert.StartsWith("The image of column 'ImagePath', row 0, file 'no-such-file.png', cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_ValidationSetWithOtherKeys_Throws()
    {
        IDataView others = trained
            .Context.Transforms.Conversion.MapValueToKey("Label")
            .Append(trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath"))
            .Fit(trained.Context.Data.SkipRows(trained.Rows, 1))
            .Transform(trained.Rows);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            trained.Context.MulticlassClassification.Trainers.FeatureMining(Short with { ValidationSet = others }).Fit(trained.Loaded)
        );

        Assert.Contains("Map both by the same fitted MapValueToKey", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_UnlabeledRow_IsSkippedWithAWarning()
    {
        MLContext ml = new(1);
        List<string> warnings = [];
        ml.Log += (_, e) => warnings.AddRange(e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning ? [e.RawMessage] : []);

        ml.MulticlassClassification.Trainers.FeatureMining(Short with { Stages = 0 }).Fit(Encoded(ml, (1, true), (3, true), (2, true), (0, true)));

        Assert.Equal(["1 training rows were skipped because their label is missing or is not a known class."], warnings);
    }

    [Fact]
    public void Fit_UnreadableImage_NamesColumnRowAndFile()
    {
        MLContext ml = new(1);

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() =>
            ml.MulticlassClassification.Trainers.FeatureMining(Short).Fit(Encoded(ml, (1, true), (2, true), (0, false)))
        );

        Assert.StartsWith("The image of column 'Image', row 2, file 'image-2', cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_UnreadableImagesWithSkip_CountsThem()
    {
        MLContext ml = new(1);
        List<string> warnings = [];
        ml.Log += (_, e) => warnings.AddRange(e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning ? [e.RawMessage] : []);
        FeatureMiningOptions options = Short with { Stages = 0, OnUnreadableImage = UnreadableImageBehavior.Skip };

        ImageClassificationModel model = ml
            .MulticlassClassification.Trainers.FeatureMining(options)
            .Fit(Encoded(ml, (1, true), (2, true), (0, false), (0, true), (2, false)))
            .Model;

        Assert.Equal(2, model.SkippedImages);
        string[] lines = Assert.Single(warnings).Split(Environment.NewLine);
        Assert.Equal("2 training rows were skipped because their image in column 'Image' cannot be read. The first of them:", lines[0]);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("- The image of column 'Image', row 2, file 'image-2', cannot be read: ", lines[1], StringComparison.Ordinal);
        Assert.Contains("row 4, file 'image-4'", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.4, false)]
    [InlineData(0.39, true)]
    [InlineData(0, true)]
    public void Fit_MoreUnreadableImagesThanAllowed_NamesThem(double fraction, bool throws)
    {
        MLContext ml = new(1);
        FeatureMiningOptions options = Short with { OnUnreadableImage = UnreadableImageBehavior.Skip, MaxSkippedFraction = fraction };

        Exception? error = Record.Exception(() =>
            ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(Encoded(ml, (1, true), (2, true), (0, false), (0, true), (2, false)))
        );

        Assert.Equal(throws, error is InvalidOperationException);
        if (throws)
        {
            Assert.Contains("The images of 2 of 5 training rows cannot be read, more than MaxSkippedFraction", error!.Message, StringComparison.Ordinal);
            Assert.Contains("file 'image-4'", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Fit_ImagesAboveMaxPixels_Throws()
    {
        MLContext ml = new(1);

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() =>
            ml.MulticlassClassification.Trainers.FeatureMining(Short with { MaxPixels = 100 }).Fit(Encoded(ml, (1, true), (2, true)))
        );

        Assert.StartsWith("The image of column 'Image', row 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_NoRowsOrOneClass_Throws()
    {
        MLContext ml = new(1);

        Assert.StartsWith("There are no rows to train on", MessageFor(), StringComparison.Ordinal);
        Assert.StartsWith("There are no rows to train on: 2 rows have no label", MessageFor((3, true), (3, true)), StringComparison.Ordinal);
        Assert.StartsWith("All rows have the same label '2' in column 'Label'", MessageFor((2, true), (2, true)), StringComparison.Ordinal);

        string MessageFor(params (uint Label, bool Readable)[] rows) =>
            Assert.Throws<InvalidOperationException>(() => ml.MulticlassClassification.Trainers.FeatureMining(Short).Fit(Encoded(ml, rows))).Message;
    }

    [Fact]
    public void Fit_KeyWithUnknownNumberOfValues_Throws()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(new[] { new OpenKeyRow() });

        ArgumentOutOfRangeException error = Assert.Throws<ArgumentOutOfRangeException>(() =>
            ml.MulticlassClassification.Trainers.FeatureMining(Short).Fit(rows)
        );

        Assert.StartsWith(
            "Schema mismatch for label column 'Label': expected Key<UInt32> of at most 1000000 values, got Key<UInt32",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Fit_MissingFile_NamesIt()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(new[] { new PathRow("a", "/nowhere/a.png"), new PathRow("b", "/nowhere/b.png") });

        Exception error = Assert.ThrowsAny<Exception>(() => Tiny.Pipeline(ml, Short).Fit(rows));

        Assert.Contains("/nowhere/a.png", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_Canceled_ReturnsTheBestSoFarOrThrows()
    {
        using CancellationTokenSource source = new();
        FeatureMiningOptions options = Tiny.Options with
        {
            Epochs = 50,
            CancellationToken = source.Token,
            Progress = report =>
            {
                if (report.Completed?.Epoch == 2)
                {
                    source.Cancel();
                }
            },
        };

        ImageClassificationModel model = new MLContext(1).MulticlassClassification.Trainers.FeatureMining(options).Fit(trained.Loaded).Model;

        Assert.Equal((TrainingEnd.Canceled, 2), (model.End, model.History.Count));
        // Now the token is canceled from the start.
        Assert.Throws<OperationCanceledException>(() => new MLContext(1).MulticlassClassification.Trainers.FeatureMining(options).Fit(trained.Loaded));
    }

    [Fact]
    public void Fit_CanceledWithThrow_Throws()
    {
        using CancellationTokenSource source = new();
        FeatureMiningOptions options = Tiny.Options with
        {
            CancellationToken = source.Token,
            OnCancellation = CancellationBehavior.Throw,
            Progress = report =>
            {
                if (report.Completed?.Epoch == 2)
                {
                    source.Cancel();
                }
            },
        };

        Assert.Throws<OperationCanceledException>(() => new MLContext(1).MulticlassClassification.Trainers.FeatureMining(options).Fit(trained.Loaded));
    }

    [Fact]
    public void Fit_ContextCanceled_Throws()
    {
        MLContext ml = new(1);
        FeatureMiningOptions options = Tiny.Options with
        {
            Progress = report =>
            {
                if (report.Completed?.Epoch == 1)
                {
                    InternalsTests.Cancel(ml);
                }
            },
        };

        Assert.Throws<OperationCanceledException>(() => ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(trained.Loaded));
    }

    [Fact]
    public void Fit_EarlyStopping_StopsEarly()
    {
        FeatureMiningOptions options = Tiny.Options with
        {
            Epochs = 200,
            ValidationSet = trained.Loaded,
            EarlyStopping = new EarlyStopping { Patience = 2 },
        };

        ImageClassificationModel model = new MLContext(1).MulticlassClassification.Trainers.FeatureMining(options).Fit(trained.Loaded).Model;

        Assert.Equal(TrainingEnd.StoppedEarly, model.End);
        Assert.True(model.History.Count < 200);
    }

    [Fact]
    public void Fit_MissingGpu_FallsBackOrThrows()
    {
        MLContext ml = new(1) { GpuDeviceId = 999, FallbackToCpu = false };
        Assert.Contains(
            "GpuDeviceId is 999",
            Assert.Throws<InvalidOperationException>(() => Tiny.Pipeline(ml, Short).Fit(trained.Rows)).Message,
            StringComparison.Ordinal
        );

        ml.FallbackToCpu = true;
        List<string> warnings = [];
        ml.Log += (_, e) => warnings.AddRange(e.Kind == Microsoft.ML.Runtime.ChannelMessageKind.Warning ? [e.RawMessage] : []);
        Tiny.Pipeline(ml, Short).Fit(trained.Rows);
        Assert.Contains(
            warnings,
            warning => warning.StartsWith("GpuDeviceId is 999", StringComparison.Ordinal) && warning.EndsWith("using the CPU.", StringComparison.Ordinal)
        );
    }

    /// <summary>Labels count from 0 here; 3 is out of range of the three keys and becomes a missing key.</summary>
    private static IDataView Encoded(MLContext ml, params (uint Label, bool Readable)[] rows) =>
        ml.Data.LoadFromEnumerable(
            rows.Select(
                    (row, i) =>
                        new EncodedImage
                        {
                            Image = row.Readable ? ColoredImages.Png((int)row.Label % 3, new Random(i)) : [1, 2, 3],
                            Label = row.Label,
                            ImagePath = $"image-{i}",
                        }
                )
                .ToArray()
        );

    private sealed record PathRow(string Label, string ImagePath);

    private sealed class OpenKeyRow
    {
        public byte[] Image { get; set; } = [];

        [KeyType(uint.MaxValue)]
        public uint Label { get; set; }
    }

    private sealed class NumberedRow
    {
        public int Label { get; set; }

        public byte[] Image { get; set; } = [];
    }

    private sealed class FileRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }
}
