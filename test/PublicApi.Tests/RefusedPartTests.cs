using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using PublicApi.Tests.Own;
using static TorchSharp.torch;

namespace PublicApi.Tests;

/// <summary>Parts that could not be saved after training are rejected before the first batch, with a message that says what to do.</summary>
public sealed class RefusedPartTests : IClassFixture<OwnPartsFixture>
{
    private static readonly Dictionary<string, Func<int, Backbone>> Backbones = new()
    {
        ["wrong-channels"] = channels => new OneStage(channels, declared: 5),
        ["no-components"] = channels => new OneStage(channels, registers: false),
        ["same-name"] = channels => new OneStage(channels, name: "fc"),
        ["growing"] = channels => new OneStage(channels, width: 4 + _made++),
        ["throwing"] = _ => throw new NotSupportedException("No such thing."),
        ["no-groups"] = channels => new OneStage(channels),
        ["flat"] = channels => new OneStage(channels, pools: true),
    };

    private static int _made;

    static RefusedPartTests()
    {
        foreach ((string key, Func<int, Backbone> create) in Backbones)
        {
            BackboneCatalog.Register(key, create);
        }

        HeadCatalog.Register(() => new TooManyHead());
    }

    public static TheoryData<string, string[]> WrongParts =>
        new()
        {
            { "loss that holds a function", ["The loss PublicApi.Tests.RefusedPartTests+FunctionLoss", "$.Curve", "[JsonIgnore]"] },
            { "schedule that refers to itself", ["The learning rate schedule PublicApi.Tests.RefusedPartTests+EndlessSchedule", "[JsonIgnore]"] },
            { "augmentation whose getter throws", ["The augmentation PublicApi.Tests.RefusedPartTests+MoodyAugmentation", "Not today."] },
            { "optimizer as text", ["The optimizer PublicApi.Tests.RefusedPartTests+TextOptimizer", "not an object"] },
            { "strategy that holds a tensor", ["The strategy PublicApi.Tests.RefusedPartTests+TensorStrategy", "[JsonIgnore]"] },
            { "key of another part", ["'focal'", "Microsoft.ML.FeatureMining.Losses.FocalLoss", "Choose another key"] },
            { "no key", ["RefusedPartTests+NamelessLoss has an empty Key"] },
            { "settings with a problem", ["Exponent must be above 0 and at most 1; it is 2."] },
            { "schedule that ends in NaN", ["'cliff'", "0.9", "NaN"] },
            { "unknown backbone", ["'nowhere'", "BackboneCatalog.Register(\"nowhere\""] },
            { "backbone that cannot be made", ["'throwing'", "No such thing."] },
        };

    private static FeatureMiningOptions Wrong(string what) =>
        what switch
        {
            "loss that holds a function" => OwnFit.Plain with { Loss = new FunctionLoss() },
            "schedule that refers to itself" => OwnFit.Plain with { Schedule = new EndlessSchedule() },
            "augmentation whose getter throws" => OwnFit.Plain with { Augmentations = [new MoodyAugmentation()] },
            "optimizer as text" => OwnFit.Plain with { Optimizer = new TextOptimizer() },
            "strategy that holds a tensor" => OwnFit.Plain with { Strategies = [new TensorStrategy()] },
            "key of another part" => OwnFit.Plain with { Loss = new OtherFocalLoss() },
            "no key" => OwnFit.Plain with { Loss = new NamelessLoss() },
            "settings with a problem" => OwnFit.Plain with { Loss = new GeneralizedCrossEntropy { Exponent = 2 } },
            "schedule that ends in NaN" => OwnFit.Plain with { Schedule = new CliffSchedule() },
            "unknown backbone" => OwnFit.Plain with { Backbone = "nowhere" },
            _ => OwnFit.Plain with { Backbone = "throwing" },
        };

    [Theory]
    [MemberData(nameof(WrongParts))]
    public void Trainer_InvalidPart_ThrowsWhenCreated(string what, string[] expected)
    {
        string message = Assert.Throws<ArgumentException>(() => new MLContext(1).MulticlassClassification.Trainers.FeatureMining(Wrong(what))).Message;

        Assert.All(expected, words => Assert.Contains(words, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("wrong-channels", null, "StageChannels")]
    [InlineData("no-components", null, "register_module")]
    [InlineData("same-name", null, "'fc.weight'")]
    [InlineData("growing", null, "the backbone 'growing'")]
    [InlineData("flat", null, "returns [1,4] for images [1,3,8,8]")]
    [InlineData("cifar-resnet-8", "too-many", "the head 'too-many'")]
    [InlineData("cifar-resnet-8", "nobody", "HeadCatalog.Register")]
    public void Fit_InvalidNetwork_ThrowsBeforeTheFirstBatch(string backbone, string? head, string expected)
    {
        FeatureMiningOptions options = OwnFit.Plain with
        {
            Backbone = backbone,
            Head = head switch
            {
                null => null,
                "too-many" => new TooManyHead(),
                _ => new UnknownHead(),
            },
            Progress = _ => Assert.Fail("A step was run."),
        };

        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => OwnFit.Run(new MLContext(1), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_FrozenStagesWithoutLayerGroups_ThrowsBeforeTheFirstBatch()
    {
        FeatureMiningOptions options = OwnFit.Plain with
        {
            Backbone = "no-groups",
            FineTuning = new FineTuning { FrozenStages = 1 },
            Progress = _ => Assert.Fail("A step was run."),
        };

        Assert.Contains("LayerGroups", Assert.Throws<NotSupportedException>(() => OwnFit.Run(new MLContext(1), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_StrategyAddsTwoModulesWithOneName_ThrowsBeforeTheFirstBatch()
    {
        FeatureMiningOptions options = OwnFit.Plain with { Strategies = [new TwiceStrategy()], Progress = _ => Assert.Fail("A step was run.") };

        Assert.Contains("'same'", Assert.Throws<ArgumentException>(() => OwnFit.Run(new MLContext(1), options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_AugmentationChangesBytesToFloats_ThrowsInTheFirstBatch()
    {
        FeatureMiningOptions options = OwnFit.Plain with { Augmentations = [new FloatAugmentation()], Progress = _ => Assert.Fail("A step was run.") };

        string message = Assert.Throws<InvalidOperationException>(() => OwnFit.Run(new MLContext(1), options)).Message;

        Assert.Contains("'floats' returned Float32 [8,3,8,8] for Byte [8,3,8,8]; it must return Byte [8,3,8,8].", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_PropertyWithJsonIgnore_IsNotInTheManifest()
    {
        MLContext ml = new(1);

        ImageClassificationModel model = ml.Model.GetImageModel(OwnFit.Run(ml, OwnFit.Plain with { Epochs = 1, Schedule = new IgnoringSchedule() }));

        Assert.Equal(["key", "$type"], model.Recipe!.Value.GetProperty("schedule").EnumerateObject().Select(setting => setting.Name));
    }

    private abstract record OwnLoss : ClassificationLoss
    {
        public override Tensor Compute(Tensor logits, Tensor targets) => new CrossEntropyLoss().Compute(logits, targets);
    }

    private sealed record FunctionLoss : OwnLoss
    {
        public override string Key => "function";

        public Func<double, double> Curve { get; init; } = Math.Sqrt;
    }

    private sealed record OtherFocalLoss : OwnLoss
    {
        public override string Key => "focal";
    }

    private sealed record NamelessLoss : OwnLoss
    {
        public override string Key => "";
    }

    private sealed record EndlessSchedule : LearningRateSchedule
    {
        public override string Key => "endless";

        public object Self => new { Inner = this };

        public override double Factor(double progress) => 1;
    }

    private sealed record CliffSchedule : LearningRateSchedule
    {
        public override string Key => "cliff";

        public override double Factor(double progress) => progress < 0.9 ? 1 : double.NaN;
    }

    private sealed record IgnoringSchedule : LearningRateSchedule
    {
        public override string Key => "ignoring";

        [JsonIgnore]
        public Func<double, double> Curve { get; init; } = progress => 1 - progress;

        public override double Factor(double progress) => Curve(progress);
    }

    private sealed record MoodyAugmentation : ImageAugmentation
    {
        public override string Key => "moody";

        public int Mood => throw new InvalidOperationException("Not today.");

        public override Tensor Apply(Tensor images, RandomStream random) => images;
    }

    private sealed record FloatAugmentation : ImageAugmentation
    {
        public override string Key => "floats";

        public override Tensor Apply(Tensor images, RandomStream random) => images.to(ScalarType.Float32) / 255;
    }

    [JsonConverter(typeof(AsText))]
    private sealed record TextOptimizer : Optimizer
    {
        public override string Key => "text";

        protected override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => throw new NotSupportedException();

        private sealed class AsText : JsonConverter<TextOptimizer>
        {
            public override TextOptimizer Read(
                ref System.Text.Json.Utf8JsonReader reader,
                Type typeToConvert,
                System.Text.Json.JsonSerializerOptions options
            ) => new();

            public override void Write(System.Text.Json.Utf8JsonWriter writer, TextOptimizer value, System.Text.Json.JsonSerializerOptions options) =>
                writer.WriteStringValue("text");
        }
    }

    private sealed record TensorStrategy : TrainingStrategy
    {
        public override string Key => "tensor";

        public Tensor Weights { get; } = zeros(2);

        protected override StrategyRun Start(StrategyContext context) => new Nothing();
    }

    private sealed record TwiceStrategy : TrainingStrategy
    {
        public override string Key => "twice";

        protected override StrategyRun Start(StrategyContext context)
        {
            context.AddModule("same", nn.Linear(2, 2));
            context.AddModule("same", nn.Linear(2, 2));
            return new Nothing();
        }
    }

    private sealed class Nothing : StrategyRun;

    private sealed class OneStage : Backbone
    {
        // Stored as a delegate, because RegisterComponents registers module fields by field name.
        private readonly Func<Tensor, Tensor> _convolve;
        private readonly bool _pools;

        public OneStage(int channels, int width = 4, int? declared = null, string name = "conv", bool registers = true, bool pools = false)
            : base(nameof(OneStage))
        {
            TorchSharp.Modules.Conv2d convolution = nn.Conv2d(channels, width, 3, padding: 1);
            _convolve = convolution.call;
            _pools = pools;
            StageChannels = [declared ?? width];
            if (registers)
            {
                register_module(name, convolution);
            }
        }

        public override IReadOnlyList<int> StageChannels { get; }

        public override Tensor Stem(Tensor images) => images.alias();

        public override Tensor Stage(int index, Tensor input)
        {
            Tensor features = _convolve(input);
            return _pools ? features.mean(new long[] { 2, 3 }) : features;
        }
    }

    private sealed record TooManyHead : Head
    {
        public override string Key => "too-many";

        protected override HeadModule Create(Backbone backbone, int classes) => new CosineModule(backbone.StageChannels[^1], classes + 1, 1);
    }

    private sealed record UnknownHead : Head
    {
        public override string Key => "nobody";

        protected override HeadModule Create(Backbone backbone, int classes) => new CosineModule(backbone.StageChannels[^1], classes, 1);
    }
}
