using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.Faults;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>A saved detector as the initial weights of another training.</summary>
public sealed class DetectorWeightsTests : IClassFixture<SingleThreadFixture>, IClassFixture<SavedTinyDetector>, IDisposable
{
    private const string ClassLayer = "head.classification_head.cls_logits.";

    private readonly MLContext _ml = new(1);
    private readonly SavedTinyDetector _detector;
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _log = [];

    public DetectorWeightsTests(SavedTinyDetector detector, SingleThreadFixture threads)
    {
        Assert.NotNull(threads);
        _detector = detector;
        _ml.Log += (_, entry) => _log.Add(entry.Message);
    }

    [Fact]
    public void Fit_DetectorOfTheSameClasses_TakesAllWeights()
    {
        using RetinaNetTransformer model = Continue(_detector.Images.Rows);

        Assert.Equal("resnext-14-1x4d", model.Backbone);
        Assert.Equal(_detector.Model.Saved.Manifest.Mean, model.Saved.Manifest.Mean);
        Assert.Equal(Bits(_detector.Model, ""), Bits(model, ""));
        Assert.Contains(_log, line => line.Contains("0 not in the file; class layer: 3 classes loaded (blue, green, red), 0 new.", StringComparison.Ordinal));
    }

    [Fact]
    public void Fit_DetectorOfOtherClasses_KeepsTheClassesThatBothHaveAndNamesTheNewOnes()
    {
        RectangleRow[] rows = [.. _detector.Images.Rows.Select(row => row with { Label = [.. row.Label.Select(name => name == "blue" ? "zebra" : name)] })];

        using RetinaNetTransformer model = Continue(rows);

        Assert.Equal(["green", "red", "zebra"], model.ClassNames);
        Assert.Equal(Bits(_detector.Model, "", except: ClassLayer), Bits(model, "", except: ClassLayer));
        Assert.Equal(OfClass(_detector.Model, 1), OfClass(model, 0)); // green
        Assert.Equal(OfClass(_detector.Model, 2), OfClass(model, 1)); // red
        Assert.NotEqual(OfClass(_detector.Model, 0), OfClass(model, 2));
        Assert.All(OfClass(model, 2).Take(Anchors), bias => Assert.Equal(-Math.Log(99), bias, 1e-5));
        Assert.Contains(_log, line => line.Contains("class layer: 2 classes loaded (green, red), 1 new (zebra).", StringComparison.Ordinal));
    }

    [Fact]
    public void Create_DetectorWithOtherSettings_NamesThem()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            Continue([], options => options with { Network = options.Network with { Channels = 16, AnchorSize = 2, AnchorRatios = [1] } })
        );

        Assert.Contains(
            "its Network.Channels is 8, not 16; its Network.AnchorSize is 4, not 2; its Network.AnchorRatios is 0.5, 1, 2, not 1.",
            error.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("AllowPartialWeights", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_DetectorWithOtherSettingsIfAllowed_LoadsWhatFits()
    {
        using RetinaNetTransformer model = Continue(
            _detector.Images.Rows,
            options => options with { AllowPartialWeights = true, Network = options.Network with { HeadLayers = 2 } }
        );

        Assert.Equal(Bits(_detector.Model, "backbone."), Bits(model, "backbone."));
        Assert.Contains(_log, line => line.Contains("4 not in the file (head.classification_head.conv.1.0.weight, ", StringComparison.Ordinal));
    }

    [Fact]
    public void Fit_DetectorWithAnotherBackbone_IsRejected()
    {
        RetinaNetOptions Other(RetinaNetOptions options) => options with { Backbone = "resnet-18" };

        Assert.Contains(
            "its Backbone is resnext-14-1x4d, not resnet-18",
            Assert.Throws<ArgumentException>(() => Continue([], Other)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "belong to another network",
            Assert.Throws<InvalidDataException>(() => Continue(_detector.Images.Rows, options => Other(options) with { AllowPartialWeights = true })).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Fit_DetectorWithoutAWeight_IsRejected()
    {
        string damaged = _folder["damaged.zip"];
        File.Copy(_detector.File, damaged);
        using (System.IO.Compression.ZipArchive zip = System.IO.Compression.ZipFile.Open(damaged, System.IO.Compression.ZipArchiveMode.Update))
        {
            System.IO.Compression.ZipArchiveEntry entry = zip.Entries.Single(entry => entry.Name == "weights.safetensors");
            string name = entry.FullName;
            entry.Delete();
            using Stream stream = zip.CreateEntry(name).Open();
            Safetensors.Write(_detector.Model.Saved.Weights.Where(tensor => tensor != "backbone.fpn.extra_blocks.p7.bias"), stream);
        }

        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            Continue(_detector.Images.Rows, options => options with { InitialWeights = damaged })
        );

        Assert.Contains("damaged.zip", error.Message, StringComparison.Ordinal);
        Assert.Contains("backbone.fpn.extra_blocks.p7.bias", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ZipBomb_ThrowsBeforeAllocating()
    {
        string bomb = _folder["bomb.zip"];
        File.Copy(_detector.File, bomb);
        ZipBomb.Make(bomb, 300_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Exception?[] errors =
        [
            Record.Exception(() => new MLContext().Model.Load(bomb, out _)),
            Record.Exception(() => Continue(_detector.Images.Rows, options => options with { InitialWeights = bomb })),
        ];

        Assert.All(errors, error => Assert.Contains("declare 300000000 bytes, more than resnext-14-1x4d", error?.ToString() ?? "", StringComparison.Ordinal));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void Create_ClassifierWithADetectorAsInitialWeights_IsRejected() =>
        Assert.Contains(
            "It has no classifier of this library.",
            Assert
                .Throws<ArgumentException>(() =>
                    _ml.MulticlassClassification.Trainers.FeatureMining(new FeatureMiningOptions { InitialWeights = _detector.File })
                )
                .Message,
            StringComparison.Ordinal
        );

    public void Dispose() => _folder.Dispose();

    private static int Anchors => TinyDetector.Options.Network.AnchorsPerPosition;

    // The learning rate changes no bit of a weight.
    private RetinaNetTransformer Continue(RectangleRow[] rows, Func<RetinaNetOptions, RetinaNetOptions>? change = null) =>
        TinyDetector.Fit(
            _ml.Data.LoadFromEnumerable(rows),
            options =>
                (change ?? (same => same))(
                    options with
                    {
                        Backbone = null,
                        InitialWeights = _detector.File,
                        Epochs = 1,
                        LearningRate = 1e-30,
                        WeightDecay = 0,
                        FineTuning = new FineTuning { FreezeBatchNorm = true },
                    }
                ),
            _ml
        );

    private static Dictionary<string, byte[]> Bits(RetinaNetTransformer model, string prefix, string except = "-") =>
        model
            .Saved.Weights.Tensors.Where(tensor =>
                tensor.Name.StartsWith(prefix, StringComparison.Ordinal) && !tensor.Name.StartsWith(except, StringComparison.Ordinal)
            )
            .ToDictionary(tensor => tensor.Name, tensor => tensor.Bytes);

    // The biases of the anchors for a class, then the kernels.
    private static float[] OfClass(RetinaNetTransformer model, int index) =>
        [
            .. new[] { "bias", "weight" }.SelectMany(name =>
            {
                float[] values = System
                    .Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(
                        model.Saved.Weights.Tensors.Single(tensor => tensor.Name == ClassLayer + name).Bytes
                    )
                    .ToArray();
                return values
                    .Chunk(values.Length / Anchors / Rectangles.Names.Length)
                    .Where((_, channel) => channel % Rectangles.Names.Length == index)
                    .SelectMany(channel => channel);
            }),
        ];
}

/// <summary>A trained <see cref="TinyDetector"/> and its file.</summary>
public sealed class SavedTinyDetector : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public SavedTinyDetector()
    {
        MLContext ml = new(1);
        Model = TinyDetector.Fit(Images.View(ml), options => options with { LearningRate = 1e-2 });
        ml.Model.Save(Model, Images.View(ml).Schema, File);
    }

    public Rectangles Images { get; } = new();

    public RetinaNetTransformer Model { get; }

    public string File => _folder["detector.zip"];

    public void Dispose()
    {
        Model.Dispose();
        Images.Dispose();
        _folder.Dispose();
    }
}
