using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Fit of a detector: rows, bad input, validation, weights, workspaces.</summary>
public sealed class DetectionFitTests : IClassFixture<SingleThreadFixture>, IClassFixture<Rectangles>, IDisposable
{
    private readonly MLContext _ml = new(1);
    private readonly Rectangles _images;
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public DetectionFitTests(Rectangles images, SingleThreadFixture threads)
    {
        Assert.NotNull(threads);
        _images = images;
        _ml.Log += (_, entry) => _log.Add(entry.Message);
    }

    private RectangleRow[] Rows => [.. _images.Rows.Take(8)];

    [Fact]
    public void Fit_StreamedImages_AreBitIdenticalToThoseInMemory()
    {
        using RetinaNetTransformer memory = TinyDetector.Fit(View(Rows), options => options with { Storage = ImageStorage.Memory });
        using RetinaNetTransformer disk = TinyDetector.Fit(View(Rows), options => options with { Storage = ImageStorage.Disk, CacheFolder = _folder["cache"] });
        using RetinaNetTransformer cached = TinyDetector.Fit(
            View(Rows),
            options => options with { Storage = ImageStorage.Disk, CacheFolder = _folder["cache"] }
        );
        using RetinaNetTransformer stream = TinyDetector.Fit(View(Rows), options => options with { Storage = ImageStorage.Stream });

        Assert.Equal(Bits(memory), Bits(disk));
        Assert.Equal(Bits(memory), Bits(cached));
        Assert.Equal(Bits(memory), Bits(stream));
    }

    [Fact]
    public void Fit_BFloat16_IsCloseToSinglePrecisionAndResumesBitIdentically()
    {
        RetinaNetOptions Half(RetinaNetOptions options) => options with { Precision = Precision.BFloat16, EmaDecay = 0.9 };
        using RetinaNetTransformer single = TinyDetector.Fit(View(Rows), options => options with { EmaDecay = 0.9 });
        using RetinaNetTransformer whole = TinyDetector.Fit(View(Rows), Half);
        RetinaNetOptions Kept(RetinaNetOptions options) => Half(options) with { WorkspacePath = _folder["runs"] };
        using CancellationTokenSource stop = new();

        Assert.Throws<OperationCanceledException>(() =>
            TinyDetector.Fit(
                View(Rows),
                options => Kept(options) with { Progress = _ => stop.Cancel(), CancellationToken = stop.Token, OnCancellation = CancellationBehavior.Throw }
            )
        );
        using RetinaNetTransformer resumed = TinyDetector.Fit(View(Rows), Kept);

        Assert.Equal(Bits(whole), Bits(resumed));
        Assert.NotEqual(Bits(single), Bits(whole));
        Assert.All(single.History.Zip(whole.History), pair => Assert.Equal(pair.First.TrainLoss, pair.Second.TrainLoss, 0.02 * pair.First.TrainLoss));
    }

    [Fact]
    public void Fit_OtherBoxes_AreAnotherRun()
    {
        RetinaNetOptions Kept(RetinaNetOptions options) => options with { WorkspacePath = _folder["runs"], Epochs = 1 };
        RectangleRow[] moved = Rows;
        moved[0] = moved[0] with { BoundingBoxes = [.. moved[0].BoundingBoxes.Select((corner, i) => i == 0 ? corner + 1 : corner)] };

        using RetinaNetTransformer first = TinyDetector.Fit(View(Rows), Kept);
        using RetinaNetTransformer second = TinyDetector.Fit(View(moved), Kept);

        Assert.Equal(2, Directory.GetDirectories(_folder["runs"]).Length);
    }

    [Fact]
    public void Fit_OtherDetectionSettings_AreAnotherRun()
    {
        RetinaNetOptions Kept(RetinaNetOptions options) => options with { WorkspacePath = _folder["runs"], Epochs = 1 };

        using RetinaNetTransformer first = TinyDetector.Fit(View(Rows), Kept);
        using RetinaNetTransformer second = TinyDetector.Fit(View(Rows), options => Kept(options) with { MaxScale = 2 });

        Assert.Equal(2, Directory.GetDirectories(_folder["runs"]).Length);
    }

    [Fact]
    public void Fit_KeyLabels_AreBitIdenticalToNames()
    {
        using RetinaNetTransformer names = TinyDetector.Fit(View(Rows));
        IDataView keys = _ml
            .Transforms.Conversion.MapValueToKey("Label", keyOrdinality: Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(View(Rows))
            .Transform(View(Rows));

        using RetinaNetTransformer mapped = TinyDetector.Fit(keys);

        Assert.Equal(Rectangles.Names, mapped.ClassNames);
        Assert.Equal(Bits(names), Bits(mapped));
    }

    [Fact]
    public void Fit_ValidationSet_GivesMeanAveragePrecision()
    {
        using RetinaNetTransformer model = TinyDetector.Fit(View(Rows), options => options with { ValidationSet = View(_images.Rows) });

        Assert.All(model.History, epoch => Assert.InRange(epoch.ValidationAccuracy!.Value, 0, 1));
        Assert.All(model.History, epoch => Assert.True(epoch.ValidationLoss > 0));
    }

    [Fact]
    public void Fit_ValidationFraction_HoldsRowsOut()
    {
        using RetinaNetTransformer model = TinyDetector.Fit(View(_images.Rows), options => options with { ValidationFraction = 0.25 }, _ml);

        Assert.Contains(
            _log,
            line => line.Contains("12 training images", StringComparison.Ordinal) && line.Contains("4 validation images", StringComparison.Ordinal)
        );
        Assert.NotNull(model.History[0].ValidationAccuracy);
    }

    [Fact]
    public void Fit_EmaAndAccumulationAndFrozenStages_Train()
    {
        using RetinaNetTransformer model = TinyDetector.Fit(
            View(Rows),
            options =>
                options with
                {
                    EmaDecay = 0.5,
                    GradientAccumulationSteps = 2,
                    BatchSize = 2,
                    FineTuning = new FineTuning { FrozenStages = 1, BackboneLearningRateFactor = 0.1 },
                    NoDecayOnNormAndBias = true,
                }
        );

        Assert.All(model.History, epoch => Assert.True(double.IsFinite(epoch.TrainLoss)));
    }

    [Fact]
    public void Fit_ClassifierAsInitialWeights_TakesItsBackboneAndTellsThatTheClassifierIsNotUsed()
    {
        using ColoredImages colored = new();
        IDataView rows = colored.Rows(_ml);
        TransformerChain<ImageClassificationTransformer> classifier = _ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(
                _ml.MulticlassClassification.Trainers.FeatureMining(
                    new FeatureMiningOptions
                    {
                        ImageColumnName = "ImagePath",
                        Backbone = "resnext-14-1x4d",
                        ImageHeight = 32,
                        Epochs = 1,
                        Stages = 0,
                        Seed = 3,
                    }
                )
            )
            .Fit(rows);
        _ml.Model.Save(classifier, rows.Schema, _folder["classifier.zip"]);

        using RetinaNetTransformer model = TinyDetector.Fit(
            View(Rows),
            options =>
                options with
                {
                    Backbone = null,
                    InitialWeights = _folder["classifier.zip"],
                    Epochs = 1,
                    LearningRate = 1e-30,
                    WeightDecay = 0,
                    FineTuning = new FineTuning { FreezeBatchNorm = true },
                },
            _ml
        );

        Assert.Equal("resnext-14-1x4d", model.Backbone);
        Assert.Equal(
            classifier.LastTransformer.Model.Saved.Weights.Tensors.Single(tensor => tensor.Name == "conv1.weight").Bytes,
            model.Saved.Weights.Tensors.Single(tensor => tensor.Name == "backbone.body.conv1.weight").Bytes
        );
        Assert.Contains(_log, line => line.Contains("classifier", StringComparison.Ordinal) && line.Contains("fc.weight", StringComparison.Ordinal));
        classifier.LastTransformer.Dispose();
    }

    [Fact]
    public void Fit_WeightsOfAnotherNetwork_AreRejected() =>
        Assert.Throws<InvalidDataException>(() =>
            TinyDetector.Fit(View(Rows), options => options with { InitialWeights = PretrainedWeights.ResNet18 }).Dispose()
        );

    [Theory]
    [InlineData("cifar-resnet-8", "stride")]
    [InlineData("resnet-18-cifar-stem", "stride")]
    public void Fit_BackboneWithOtherStrides_IsRejectedBeforeImagesAreRead(string backbone, string expected)
    {
        RectangleRow[] rows = [Rows[0] with { ImagePath = _folder["missing.png"] }];

        Exception error = Assert.Throws<ArgumentException>(() => TinyDetector.Fit(View(rows), options => options with { Backbone = backbone }));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10,10,10,40", "x0 10, y0 10, x1 10, y1 40")] // empty
    [InlineData("10,40,30,20", "y1 above y0")]
    [InlineData("NaN,10,30,20", "NaN")]
    [InlineData("10,10,30", "1 labels and 3 numbers")]
    [InlineData("10,10,30,40,50,60,70,80", "1 labels and 8 numbers")]
    [InlineData("200,10,230,20", "outside its image of 96x72 pixels")]
    [InlineData("-30,10,-2,20", "outside its image of 96x72 pixels")]
    public void Fit_InvalidBox_NamesTheRow(string box, string expected)
    {
        RectangleRow[] rows = Rows;
        rows[2] = rows[2] with
        {
            Label = ["red"],
            BoundingBoxes = [.. box.Split(',').Select(corner => float.Parse(corner, System.Globalization.CultureInfo.InvariantCulture))],
        };

        ArgumentException error = Assert.Throws<ArgumentException>(() => TinyDetector.Fit(View(rows)));

        Assert.Contains("row 2, file '", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_BoxesAsFractions_AreRejected()
    {
        RectangleRow[] rows = [.. Rows.Select(row => row with { BoundingBoxes = [.. row.BoundingBoxes.Select(corner => corner / 100)] })];

        Assert.Contains("fractions of the image", Assert.Throws<ArgumentException>(() => TinyDetector.Fit(View(rows))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_BoxPartlyOutside_IsClipped()
    {
        RectangleRow[] rows = [Rows[0] with { Label = ["red"], BoundingBoxes = [-5, 60, 40, 80] }, .. Rows];
        RectangleRow[] clipped = [rows[0] with { BoundingBoxes = [0, 60, 40, 72] }, .. Rows];

        using RetinaNetTransformer one = TinyDetector.Fit(View(rows));
        using RetinaNetTransformer other = TinyDetector.Fit(View(clipped));

        Assert.Equal(Bits(one), Bits(other));
    }

    [Fact]
    public void Fit_NoObjectsAtAll_IsRejected()
    {
        RectangleRow[] rows = [.. Rows.Select(row => row with { Label = [], BoundingBoxes = [] })];

        Assert.Contains("No row has an object", Assert.Throws<InvalidOperationException>(() => TinyDetector.Fit(View(rows))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_OneClassAndOneImage_Trains()
    {
        using RetinaNetTransformer model = TinyDetector.Fit(View(Rows[0]));

        Assert.Equal(Rows[0].Label, model.ClassNames);
        Assert.True(double.IsFinite(model.History[^1].TrainLoss));
    }

    [Fact]
    public void Fit_UnknownClassInValidation_IsLeftOutWithAWarning()
    {
        RectangleRow[] validation = Rows;
        validation[0] = validation[0] with { Label = ["zebra"] };

        using RetinaNetTransformer model = TinyDetector.Fit(View(Rows), options => options with { ValidationSet = View(validation), Epochs = 1 }, _ml);

        Assert.Contains(_log, line => line.Contains("'zebra'", StringComparison.Ordinal) && line.Contains("left out", StringComparison.Ordinal));
    }

    [Fact]
    public void Fit_MissingKey_IsLeftOutWithAWarning()
    {
        IDataView known = View([.. Rows.Where(row => !row.Label.Contains("red"))]);
        IDataView rows = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(known).Transform(View(Rows));

        using RetinaNetTransformer model = TinyDetector.Fit(rows, options => options with { Epochs = 1 }, _ml);

        Assert.Equal(["blue", "green"], model.ClassNames!.Order());
        Assert.Contains(_log, line => line.Contains("left out", StringComparison.Ordinal) && line.Contains("missing", StringComparison.Ordinal));
    }

    [Fact]
    public void Fit_UnreadableImage_ThrowsOrIsSkippedByThePolicy()
    {
        RectangleRow[] rows = [.. Rows, Rows[0] with { ImagePath = _folder.Write("broken.png", "no image") }];

        Assert.Contains("broken.png", Assert.Throws<ImageDecodeException>(() => TinyDetector.Fit(View(rows))).Message, StringComparison.Ordinal);
        using RetinaNetTransformer skipped = TinyDetector.Fit(View(rows), options => options with { OnUnreadableImage = UnreadableImageBehavior.Skip }, _ml);
        using RetinaNetTransformer without = TinyDetector.Fit(View(Rows));
        Assert.Equal(1, skipped.SkippedImages);
        Assert.Equal(Bits(without), Bits(skipped));
        Assert.Contains(_log, line => line.Contains("1 training rows were skipped", StringComparison.Ordinal));
        Assert.Empty(skipped.Transform(View([rows[^1]])).GetColumn<float[]>("Score").Single());
    }

    [Theory]
    [InlineData("BoundingBoxes", "Schema mismatch for bounding box column 'BoundingBoxes': expected Vector<Single>")]
    [InlineData("ImagePath", "Schema mismatch for image column 'ImagePath': expected VarVector<Byte>, Image or Text")]
    public void Fit_ColumnOfAnotherType_IsRejected(string column, string expected)
    {
        IDataView rows = _ml.Transforms.CopyColumns(column, column == "BoundingBoxes" ? "Label" : "BoundingBoxes").Fit(View(Rows)).Transform(View(Rows));

        Assert.StartsWith(expected, Assert.Throws<ArgumentOutOfRangeException>(() => TinyDetector.Fit(rows)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_ByColumnNames_UsesThem()
    {
        IDataView rows = _ml
            .Transforms.CopyColumns("Things", "Label")
            .Append(_ml.Transforms.CopyColumns("Corners", "BoundingBoxes"))
            .Append(_ml.Transforms.CopyColumns("File", "ImagePath"))
            .Fit(View(Rows))
            .Transform(View(Rows));
        RetinaNetTrainer trainer = _ml.ObjectDetection().Trainers.RetinaNet("Things", "Corners", "File", "Guess", "GuessedCorners", "Probability", epochs: 1);

        SchemaShape shape = trainer.GetOutputSchema(FeatureMining.MlNet.Internals.ShapeOf(rows.Schema));

        Assert.Equal(["Guess", "GuessedCorners", "Probability"], shape.Select(column => column.Name).TakeLast(3));
    }

    public void Dispose() => _folder.Dispose();

    private IDataView View(params RectangleRow[] rows) => _ml.Data.LoadFromEnumerable(rows);

    private static byte[] Bits(RetinaNetTransformer model) => [.. model.Saved.Weights.Tensors.SelectMany(tensor => tensor.Bytes)];
}
