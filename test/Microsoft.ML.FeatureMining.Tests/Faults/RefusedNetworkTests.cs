using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>Networks that cannot work with the images, heads or batches: rejected in words, before images are read, and never with a native stack trace.</summary>
public sealed class RefusedNetworkTests(ColoredImages images) : IClassFixture<ColoredImages>
{
    private static readonly FeatureMiningOptions Plain = Tiny.Options with { Stages = 0, Epochs = 1 };

    private readonly MLContext _ml = new(1);

    // vgg: five halvings. densenet-121: two halvings that round up, three that round down. densenet-bc: two that round down.
    [Theory]
    [InlineData("vgg-11", 32)]
    [InlineData("vgg-16-bn-cifar-stem", 32)]
    [InlineData("densenet-121", 29)]
    [InlineData("densenet-121-cifar-stem", 8)]
    [InlineData("densenet-bc-40-12", 4)]
    [InlineData("resnet-18", 1)]
    [InlineData("cifar-resnet-8", 1)]
    [InlineData("efficientnet-b0", 1)]
    public void Trainer_ImagesSmallerThanTheNetworkTakes_SaysTheLeastSize(string backbone, int least)
    {
        Assert.Equal(least, BackboneCatalog.Facts(backbone, 3).LeastSide);
        FeatureMiningOptions options = Plain with { Backbone = backbone, ImageHeight = least, ImageWidth = least };
        _ml.MulticlassClassification.Trainers.FeatureMining(options);
        if (least > 1)
        {
            string message = Assert
                .Throws<ArgumentException>(() => _ml.MulticlassClassification.Trainers.FeatureMining(options with { ImageWidth = least - 1 }))
                .Message;
            Assert.Contains(
                $"The backbone '{backbone}' needs images of at least {least}x{least} pixels; ImageHeight x ImageWidth is {least}x{least - 1}.",
                message,
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void Trainer_ImagesLargerThanAnInputMayBe_IsRefused()
    {
        FeatureMiningOptions options = Plain with { ImageHeight = 4096, ImageWidth = 4096 };
        _ml.MulticlassClassification.Trainers.FeatureMining(options);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            _ml.MulticlassClassification.Trainers.FeatureMining(options with { ImageHeight = 20_000, ImageWidth = 20_000 })
        );

        Assert.Contains("The input 3x20000x20000 is too large", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_PlanarColumnSmallerThanTheNetworkTakes_SaysTheLeastSize()
    {
        IDataView rows = _ml.Data.LoadFromEnumerable([new Planar { Label = 1 }, new Planar { Label = 2 }]);
        FeatureMiningOptions options = Plain with { Backbone = "vgg-11", ImageHeight = 32, ImageWidth = 32 };

        ArgumentException error = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Trainers.FeatureMining(options).Fit(rows));

        Assert.Contains("at least 32x32 pixels; ImageHeight x ImageWidth is 16x16.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("center-loss", "vgg")]
    [InlineData("center-loss", "vgg-patches")]
    [InlineData("center-loss", null)]
    [InlineData("byot", "vgg")]
    [InlineData("byot", "vgg-patches")]
    [InlineData("byot", null)]
    public void Trainer_StrategyOnTheEmbeddingOfAVggHead_IsRefused(string strategy, string? head)
    {
        FeatureMiningOptions options = Plain with
        {
            Backbone = "vgg-11",
            ImageHeight = 32,
            ImageWidth = 32,
            Head = head is null ? null : HeadCatalog.Create(head),
            Strategies = [StrategyCatalog.Create(strategy)],
        };

        string message = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Trainers.FeatureMining(options)).Message;

        Assert.Contains(
            $"The strategy '{strategy}' needs a head that averages the features of the last stage over all positions, and '{head ?? "vgg"}' does not.",
            message
        );
    }

    [Theory]
    [InlineData("center-loss")]
    [InlineData("byot")]
    public void Trainer_StrategyOnTheEmbeddingOfSeveralStages_IsRefused(string strategy)
    {
        FeatureMiningOptions options = Plain with { Head = new MultiStageHead(), Strategies = [StrategyCatalog.Create(strategy)] };

        string message = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Trainers.FeatureMining(options)).Message;

        Assert.Contains($"The strategy '{strategy}' needs a head that averages the features of the last stage", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_MoreStagesThanTheBackboneHas_IsRefused()
    {
        FeatureMiningOptions options = Plain with
        {
            Backbone = "cifar-resnet-8",
            Head = new MultiStageHead { Stages = 4 },
        };

        string message = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Trainers.FeatureMining(options)).Message;

        Assert.Contains("Stages of multi-stage must be at most 3, the number of stages of this backbone; it is 4.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_OwnHeadThatFlattensWithCenterLoss_IsRefusedBeforeTheFirstBatch()
    {
        HeadCatalog.Register(() => new FlatHead());
        FeatureMiningOptions options = Plain with { Head = new FlatHead(), Strategies = [new CenterLoss()], Progress = _ => Assert.Fail("A step was run.") };

        string message = Assert.Throws<ArgumentException>(() => Fit(options)).Message;

        Assert.StartsWith("The strategy 'center-loss' needs a head that averages the features of the last stage over all positions, to [N,64], but", message);
        Assert.Contains("has shape [N,576]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_MoreSplitsThanChannels_IsRefused()
    {
        FeatureMiningOptions options = Plain with { Head = new SplitAndShareHead { Splits = 99 } };

        string message = Assert.Throws<ArgumentException>(() => _ml.MulticlassClassification.Trainers.FeatureMining(options)).Message;

        Assert.Contains("Splits of ssm must be at most 64, the number of channels of the last stage of this backbone; it is 99.", message);
    }

    [Theory]
    [InlineData("bytes")]
    [InlineData("images")]
    [InlineData("paths")]
    public void Fit_TwoChannelsOfFiles_IsRefusedBeforeTheyAreRead(string source)
    {
        IDataView rows = _ml.Data.LoadFromEnumerable(
            new[] { "a", "b" }.Select(label => new ImageFileRow { ImagePath = "nowhere.png", Label = label }).ToArray()
        );
        IEstimator<ITransformer> load = source switch
        {
            "bytes" => _ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath"),
            "images" => _ml.Transforms.LoadImages("Image", null, "ImagePath"),
            _ => _ml.Transforms.CopyColumns("Image", "ImagePath"),
        };
        var pipeline = _ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(load)
            .Append(_ml.MulticlassClassification.Trainers.FeatureMining(Plain with { Channels = 2 }));

        ArgumentException error = Assert.Throws<ArgumentException>(() => pipeline.Fit(rows));

        Assert.StartsWith("Channels is 2, but the images of column 'Image' are decoded to color or gray. Set Channels to 3 or 1;", error.Message);
    }

    // resnet-18 has a 1x1 map at 12x12; ssm normalizes the pooled features; sk and resnest normalize pooled vectors in each block.
    [Theory]
    [InlineData("resnet-18", null)]
    [InlineData("cifar-resnet-8", "ssm")]
    [InlineData("resnest-14-cifar-stem", null)]
    [InlineData("sk-resnext-14-2x4d-no-blur-cifar-stem", null)]
    public void Fit_BatchOfOneWithOneValuePerChannel_SaysThatBatchNormNeedsMore(string backbone, string? head)
    {
        FeatureMiningOptions options = Plain with { Backbone = backbone, Head = head is null ? null : HeadCatalog.Create(head), BatchSize = 1 };

        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Fit(options));

        Assert.StartsWith("BatchNorm needs more than one value per channel, but the batch has one image and the feature map one position.", error.Message);
    }

    [Fact]
    public void Fit_BatchOfOneWithFrozenBatchNorm_Trains()
    {
        FeatureMiningOptions options = Plain with
        {
            Backbone = "resnet-18",
            BatchSize = 1,
            LearningRate = 1e-5,
            FineTuning = new FineTuning { FreezeBatchNorm = true },
        };

        Fit(options).Dispose();
    }

    [Fact]
    public void Fit_NativeError_HasOneLineAndTheRestIsInTheLog()
    {
        List<string> log = [];
        _ml.Log += (_, entry) => log.Add($"{entry.Kind} {entry.RawMessage}");
        FeatureMiningOptions options = Plain with { Strategies = [new WrongShape()] };

        ExternalException error = Assert.ThrowsAny<ExternalException>(() => Fit(options));

        Assert.DoesNotContain('\n', error.Message);
        Assert.Contains("must match the size", error.Message, StringComparison.Ordinal);
        Assert.Contains("Exception raised from", error.InnerException!.Message, StringComparison.Ordinal);
        Assert.Contains(log, line => line.StartsWith(nameof(ChannelMessageKind.Trace), StringComparison.Ordinal) && line.Contains("Exception raised from"));
        Assert.DoesNotContain(log, line => !line.StartsWith(nameof(ChannelMessageKind.Trace), StringComparison.Ordinal) && line.Contains("raised from"));
    }

    [Fact]
    public void NativeError_WithoutTrace_KeepsTheFirstLine()
    {
        ExternalException native = Assert.ThrowsAny<ExternalException>(() => ones(2, 3).mm(ones(2, 3)));

        Assert.True(NativeError.HasTrace(native));
        Assert.Equal("mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)", NativeError.WithoutTrace(native).Message);
    }

    private ImageClassificationTransformer Fit(FeatureMiningOptions options) => Tiny.Pipeline(_ml, options).Fit(images.Rows(_ml)).LastTransformer;

    private sealed class Planar
    {
        [KeyType(2)]
        public uint Label { get; set; }

        [VectorType(3, 16, 16)]
        public float[] Image { get; set; } = new float[3 * 16 * 16];
    }

    private sealed record FlatHead : Head
    {
        public override string Key => "flat-test";

        protected internal override HeadModule Create(Backbone backbone, int classes) => new FlatModule(backbone.StageChannels[^1] * 9, classes);
    }

    private sealed class FlatModule : HeadModule
    {
        private readonly TorchSharp.Modules.Linear fc;

        public FlatModule(int features, int classes)
            : base(nameof(FlatModule))
        {
            fc = nn.Linear(features, classes);
            RegisterComponents();
        }

        public override Tensor Embed(Tensor features) => features.flatten(1);

        public override Tensor forward(Tensor embedding) => fc.call(embedding);
    }

    private sealed record WrongShape : TrainingStrategy
    {
        public override string Key => "wrong-shape-test";

        protected internal override StrategyRun Start(StrategyContext context) => new Run();

        private sealed class Run : StrategyRun
        {
            public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) => features + ones(features.shape[3] + 1);
        }
    }
}
