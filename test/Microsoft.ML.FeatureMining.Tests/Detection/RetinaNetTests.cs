using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Microsoft.ML.FeatureMining.Detection.Losses;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Detection.Scoring;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Initial weights, names, sizes and errors of the network.</summary>
public sealed class RetinaNetTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 3;
    private static readonly RetinaNetSettings Small = new() { Channels = 8, HeadLayers = 1 };

    [Fact]
    public void Problems_Defaults_AreNone() => Assert.Empty(new RetinaNetSettings().Problems());

    [Fact]
    public void Problems_ThresholdsInTheWrongOrder_IsOne() =>
        Assert.Equal(["BackgroundIou must be at most ForegroundIou; they are 0.6 and 0.5."], new RetinaNetSettings { BackgroundIou = 0.6 }.Problems());

    [Theory]
    [InlineData()]
    [InlineData(0.0)]
    [InlineData(-1.0)]
    [InlineData(double.NaN)]
    [InlineData(1.0, 33.0)]
    public void Problems_InvalidRatios_IsOne(params double[] ratios) =>
        Assert.Equal(["AnchorRatios must be 1 to 16 numbers, each from 1/32 to 32."], new RetinaNetSettings { AnchorRatios = ratios }.Problems());

    [Fact]
    public void Problems_PriorOfOne_IsOne() =>
        Assert.Equal(["PriorProbability must be above 0 and below 1; it is 1."], new RetinaNetSettings { PriorProbability = 1 }.Problems());

    // p = 0.01 and an offset of 0 at every anchor, whatever the image.
    [Fact]
    public void InitializeWeights_AnyImage_PredictsThePriorProbability()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet network = Create("resnet-18", new RetinaNetSettings { Channels = 64 });
        network.eval();
        using IDisposable noGrad = no_grad();

        (Tensor logits, Tensor deltas) = network.Predict(randn(1, 3, 64, 64));

        Assert.All(TensorAssert.Values(logits.sigmoid()), probability => Assert.InRange(probability, 0.008, 0.0125));
        Assert.All(TensorAssert.Values(deltas), offset => Assert.InRange(offset, -0.2, 0.2));
    }

    [Fact]
    public void InitializeWeights_Distributions_AreTorchvisions()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet network = Create("resnet-18", new RetinaNetSettings { Channels = 64 });
        Dictionary<string, Tensor> state = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);

        Assert.Equal(0.01, state["head.classification_head.conv.2.0.weight"].std().ToDouble(), 2e-4);
        Assert.Equal(0.01, state["head.regression_head.bbox_reg.weight"].std().ToDouble(), 2e-4);
        Assert.All(TensorAssert.Values(state["head.classification_head.cls_logits.bias"]), bias => Assert.Equal(-Math.Log(99), bias, 1e-5));
        Assert.All(TensorAssert.Values(state["head.regression_head.bbox_reg.bias"]), bias => Assert.Equal(0, bias));
        double bound = Math.Sqrt(3.0 / (64 * 9));
        Assert.InRange(state["backbone.fpn.extra_blocks.p6.weight"].abs().max().ToDouble(), 0.99 * bound, bound);
        Assert.Equal(bound / Math.Sqrt(3), state["backbone.fpn.layer_blocks.0.0.weight"].std().ToDouble(), 0.02 * bound);
    }

    [Fact]
    public void InitializeWeights_SameSeed_GivesTheSameWeights()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet first = Create("resnet-18", Small);
        using RetinaNet second = Create("resnet-18", Small);

        Assert.All(first.NamedState().Zip(second.NamedState()), pair => TensorAssert.SameBits(pair.First.Value, pair.Second.Value));
    }

    [Theory]
    [InlineData("resnet-18")]
    [InlineData("resnext-14-8x4d")]
    public void Predict_EverySizeAndNoHeadLayers_MatchesTheAnchors(string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using RetinaNet network = Create(backbone, Small with { HeadLayers = 0 });
        network.eval();
        foreach ((int height, int width) in new[] { (32, 32), (64, 96), (160, 32) })
        {
            (Tensor logits, Tensor deltas) = network.Predict(randn(2, 3, height, width));

            int anchors = network.AnchorsOf(height, width).Boxes.Length;
            Assert.Equal([2, anchors, Classes], logits.shape);
            Assert.Equal([2, anchors, 4], deltas.shape);
        }
    }

    [Fact]
    public void Predict_ChannelsLast_GivesTheSame()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using RetinaNet network = Create("resnet-18", Small);
        network.eval();
        Tensor images = randn(2, 3, 64, 96);
        (Tensor logits, Tensor deltas) = network.Predict(images);

        ChannelsLast.Apply(network);
        (Tensor sameLogits, Tensor sameDeltas) = network.Predict(ChannelsLast.Of(images));

        TensorAssert.Close(logits, sameLogits, 1e-5, "logits");
        TensorAssert.Close(deltas, sameDeltas, 1e-4, "offsets");
    }

    // The extreme values that the settings allow.
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 16, 16)]
    [InlineData(0.5, 0.5, 1e-6)]
    public void Loss_ExtremeSettings_HasFiniteGradients(double alpha, double gamma, double beta)
    {
        using DisposeScope scope = NewDisposeScope();
        RetinaNetSettings settings = Small with { FocalAlpha = alpha, FocalGamma = gamma, SmoothL1Beta = beta, PriorProbability = 1e-6 };
        Assert.Empty(settings.Problems());
        using RetinaNet network = Create("resnet-18", settings);

        (Tensor logits, Tensor deltas) = network.Predict(randn(1, 3, 64, 64));
        RetinaNetLoss
            .Of(
                logits.Mul(1000),
                deltas,
                network.AnchorsOf(64, 64),
                [
                    [new ObjectBox(new Box(3, 4, 40, 50), 1)],
                ],
                settings
            )
            .backward();

        Assert.All(network.parameters(), parameter => Assert.True(isfinite(parameter.grad!).all().ToBoolean()));
    }

    [Fact]
    public void Predict_SizeThatIsNoMultipleOf32_ThrowsWithTheSize()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet network = Create("resnet-18", Small);

        ArgumentException error = Assert.Throws<ArgumentException>(() => network.Predict(zeros(1, 3, 100, 64)));

        Assert.StartsWith("Images of 64x100 pixels do not fit RetinaNet", error.Message);
    }

    [Fact]
    public void Predict_BackboneWithOtherStrides_ThrowsWithTheStage()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet network = Create("resnet-18-cifar-stem", Small);

        ArgumentException error = Assert.Throws<ArgumentException>(() => network.Predict(zeros(2, 3, 64, 64)));

        Assert.Contains("has a stage of 32x32 positions for images of 64x64 pixels; RetinaNet needs the strides 8, 16 and 32", error.Message);
    }

    [Fact]
    public void Create_BackboneWithTwoStages_ThrowsWithTheCount()
    {
        using Backbone backbone = new TwoStages();

        ArgumentException error = Assert.Throws<ArgumentException>(() => new RetinaNet(backbone, Classes, Small));

        Assert.Contains("has 2 stages. RetinaNet needs 3", error.Message);
    }

    [Fact]
    public void CreateForScoring_SettingsOfAHugeNetwork_AreRefusedBeforeItsMemoryIsAllocated()
    {
        using RetinaNet small = RetinaNet.Create("resnext-14-1x4d", 3, Classes, Small);
        RetinaNetSettings huge = new() { Channels = 4096, HeadLayers = 16 };

        InvalidDataException e = Assert.Throws<InvalidDataException>(() =>
            NetworkFactory.CreateForScoring(layers => RetinaNet.Create("resnext-14-1x4d", 3, Classes, huge, layers), NamedTensors.Of(small.NamedState()), CPU)
        );

        Assert.StartsWith("Missing weights: the network needs more than the", e.Message);
    }

    [Theory]
    [InlineData("resnet-18")]
    [InlineData("resnext-14-8x4d")]
    public void CreateForScoring_TrainedStatistics_GivesTheSamePredictions(string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using RetinaNet plain = Create(backbone, Small);
        Generator generator = new(1);
        plain.Predict(randn([4, 3, 64, 64], generator: generator).Mul(2).Add(1));
        plain.eval();
        foreach ((string name, Parameter parameter) in plain.named_parameters().Where(entry => entry.name.StartsWith("head.", StringComparison.Ordinal)))
        {
            parameter.copy_(name.EndsWith("bias", StringComparison.Ordinal) ? parameter : parameter.Mul(10)); // So that predictions differ from the bias.
        }

        using RetinaNet folded = NetworkFactory.CreateForScoring(
            layers => RetinaNet.Create(backbone, 3, Classes, Small, layers),
            NamedTensors.Of(plain.NamedState()),
            CPU
        );
        Tensor images = randn([2, 3, 64, 96], generator: generator);
        (Tensor logits, Tensor deltas) = plain.Predict(images);
        (Tensor sameLogits, Tensor sameDeltas) = folded.Predict(ChannelsLast.Of(images));

        Assert.DoesNotContain(folded.modules(), module => module is BatchNorm);
        Assert.True(logits.std().item<float>() > 0.01 && deltas.std().item<float>() > 0.01);
        TensorAssert.Close(logits, sameLogits, 1e-5, "logits");
        TensorAssert.Close(deltas, sameDeltas, 1e-5, "deltas");
    }

    [Fact]
    public void FreezeBatchNorm_TrainingStep_KeepsTheStatistics()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet network = Create("resnet-18", Small);
        Dictionary<string, float[]> before = Statistics(network);
        network.train();
        network.Body.FreezeBatchNorm();

        (Tensor logits, _) = network.Predict(randn(2, 3, 64, 64));
        logits.sum().backward();

        Assert.Equal(before, Statistics(network));
        Assert.NotEmpty(before);
        network.train();
        network.Predict(randn(2, 3, 64, 64));
        Assert.NotEqual(before, Statistics(network));
    }

    [Theory]
    [InlineData("backbone.fpn.inner_blocks.2.weight", "backbone.fpn.inner_blocks.2.0.weight")]
    [InlineData("backbone.fpn.layer_blocks.0.bias", "backbone.fpn.layer_blocks.0.0.bias")]
    [InlineData("head.classification_head.conv.6.weight", "head.classification_head.conv.3.0.weight")]
    [InlineData("head.regression_head.conv.0.bias", "head.regression_head.conv.0.0.bias")]
    [InlineData("head.regression_head.conv.1.0.bias", "head.regression_head.conv.1.0.bias")]
    [InlineData("head.classification_head.cls_logits.weight", "head.classification_head.cls_logits.weight")]
    [InlineData("backbone.fpn.extra_blocks.p6.weight", "backbone.fpn.extra_blocks.p6.weight")]
    [InlineData("backbone.body.layer1.0.conv1.weight", "backbone.body.layer1.0.conv1.weight")]
    public void MapWeightName_TorchvisionsName_IsThisNetworks(string name, string expected)
    {
        Assert.Equal(expected, RetinaNet.MapWeightName(name));
        using RetinaNet network = Create("resnet-18", new RetinaNetSettings { Channels = 8 });
        Assert.Contains(expected, network.NamedState().Select(entry => entry.Name));
    }

    // With equal thresholds, each anchor has a loss. An anchor that is ignored may predict a wrong box with the highest score.
    [Fact]
    public void Training_OneImage_FindsItsObjectsFirst()
    {
        using DisposeScope scope = NewDisposeScope();
        using RetinaNet network = Create(
            "resnet-18",
            new RetinaNetSettings
            {
                Channels = 16,
                HeadLayers = 1,
                AnchorSize = 2,
                BackgroundIou = 0.5,
            }
        );
        Tensor image = zeros(1, 3, 64, 64);
        image[0, 0, 8..40, 4..36] = 2;
        image[0, 1, 40..60, 44..62] = -2;
        ObjectBox[] objects = [new(new Box(4, 8, 36, 40), 0), new(new Box(44, 40, 62, 60), 2)];
        AnchorGrid anchors = network.AnchorsOf(64, 64);
        using optim.Optimizer adam = optim.Adam(network.parameters(), 2e-3);
        IReadOnlyList<Microsoft.ML.FeatureMining.Detection.Detection> found = [];
        for (int step = 0; step < 40; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            (Tensor logits, Tensor deltas) = network.Predict(image);
            adam.zero_grad();
            RetinaNetLoss.Of(logits, deltas, anchors, [objects], network.Settings).backward();
            adam.step();
            found = Detector.Detect(logits[0], deltas[0], anchors, 64, 64, network.Settings);
        }

        VocAveragePrecision precision = new(Classes);
        precision.Add(found, objects);
        Assert.Equal([1, double.NaN, 1], precision.PerClass(VocMetric.Area));
        Assert.All(objects, thing => Assert.True(found.First(d => d.Class == thing.Class).Box.IntersectionOverUnion(thing.Box) > 0.8f));
    }

    private static RetinaNet Create(string backbone, RetinaNetSettings settings)
    {
        RetinaNet network = ModuleScope.Make(() => new RetinaNet(BackboneCatalog.Create(backbone, 3), Classes, settings));
        network.InitializeWeights(new RandomStream(1, "weights"));
        return network;
    }

    private static Dictionary<string, float[]> Statistics(RetinaNet network) =>
        network
            .NamedState()
            .Where(entry => entry.Name.Contains("running_", StringComparison.Ordinal) || entry.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            .ToDictionary(entry => entry.Name, entry => TensorAssert.Values(entry.Value));

    private sealed class TwoStages() : Backbone(nameof(TwoStages))
    {
        public override IReadOnlyList<int> StageChannels => [1, 1];

        public override Tensor Stem(Tensor images) => images.alias();

        public override Tensor Stage(int index, Tensor input) => input.alias();
    }
}

/// <summary>Counts the tensors that are left.</summary>
[Collection(nameof(SerialTests))]
public sealed class RetinaNetLeakTests
{
    [Fact]
    public void Step_WithoutObjectsAndWith_LeavesNoTensors()
    {
        RetinaNetSettings settings = new() { Channels = 8, HeadLayers = 1 };
        using RetinaNet network = ModuleScope.Make(() => new RetinaNet(BackboneCatalog.Create("resnet-18", 3), 2, settings));
        Step();

        SerialTests.AssertLeavesNoTensors(Step, () => { });

        void Step()
        {
            using TorchScope scope = new(gradients: true);
            (Tensor logits, Tensor deltas) = network.Predict(zeros(2, 3, 64, 64));
            RetinaNetLoss
                .Of(
                    logits,
                    deltas,
                    network.AnchorsOf(64, 64),
                    [
                        [],
                        [new ObjectBox(new Box(1, 2, 30, 40), 1)],
                    ],
                    settings
                )
                .backward();
            Detector.Detect(logits[0], deltas[0], network.AnchorsOf(64, 64), 64, 64, settings);
        }
    }
}
