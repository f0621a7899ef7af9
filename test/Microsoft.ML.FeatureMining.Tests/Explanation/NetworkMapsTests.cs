using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Explanation;

/// <summary>Compares maps with those of test/Goldens/make_explanation.py, which uses the papers' equations.</summary>
public sealed class NetworkMapsTests : IClassFixture<SingleThreadFixture>
{
    private const int Target = 3;
    private const int Classes = 10;

    [Theory]
    [InlineData("cifar-resnet-8-preact", "")]
    [InlineData("cifar-resnet-8-preact", "2fc")]
    [InlineData("cifar-resnet-8-preact", "ssm")]
    [InlineData("resnet-18-cifar-stem", "")]
    [InlineData("densenet-16-12", "")]
    [InlineData("vgg-16-bn-cifar-stem", "")]
    public void Maps_PyTorchsWeights_ArePyTorchs(string backbone, string head)
    {
        using DisposeScope scope = NewDisposeScope();
        GoldenTensors golden = new("explanation.safetensors");
        string[] names = [.. golden.Names($"{backbone}+{head}")];
        using ImageNetwork network = NetworkFactory.Create(
            backbone,
            3,
            Classes,
            head switch
            {
                "" => null,
                "2fc" => new ParallelHead(),
                _ => new SplitAndShareHead(),
            }
        );
        HashedTensor.Fill(network);
        network.to(ScalarType.Float64);
        network.eval();

        NetworkMaps maps = NetworkMaps.Of(network, new BackboneGolden(backbone).Images().narrow(0, 0, 1).to(ScalarType.Float64), Target);

        Assert.Equal(Target, maps.Class);
        AssertClose("probabilities", maps.Probabilities, 1e-6);
        Assert.Equal(names.Count(name => name.StartsWith("stages.", StringComparison.Ordinal)), maps.StageMaps.Count);
        Assert.Equal(names.Count(name => name.StartsWith("splits.", StringComparison.Ordinal)), maps.SplitMaps.Count);
        Assert.Equal(names.Contains("cam"), maps.ClassMap is not null);
        Assert.All(maps.StageMaps.Index(), map => AssertClose($"stages.{map.Index}", map.Item.Values, 1e-6));
        Assert.All(maps.SplitMaps.Index(), map => AssertClose($"splits.{map.Index}", map.Item.Values, 1e-6));
        if (maps.ClassMap is { } cam)
        {
            AssertClose("cam", cam.Values, 1e-6);
        }

        if (names.Contains("shown"))
        {
            AssertClose("shown", maps.ClassMap!.Resize(19, 23).Normalize().Values, 1e-5);
        }

        void AssertClose(string name, IReadOnlyList<float> actual, double tolerance) =>
            TensorAssert.CloseValues([.. golden.Doubles($"{backbone}+{head}/{name}").Select(value => (float)value)], actual, tolerance, name);
    }

    // Selvaraju et al., section 3.1: if the head is linear in the mean of the features, Grad-CAM is CAM up to a factor (the number of positions) and the ReLU.
    [Fact]
    public void GradCam_LastStageUnderALinearHead_IsCamOverThePositions()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make("wrn-10-2");

        NetworkMaps maps = NetworkMaps.Of(network, Image(), target: null);

        HeatMap last = maps.StageMaps[^1];
        TensorAssert.CloseValues([.. maps.ClassMap!.Values.Select(value => Math.Max(value, 0) / maps.ClassMap.Values.Count)], last.Values, 1e-5, "Grad-CAM");
        Assert.Equal(maps.Probabilities.Max(), maps.Probabilities[maps.Class]);
    }

    public static TheoryData<string> Backbones { get; } =
    ["cifar-resnet-11-bottleneck", "pyramidnet-11-a9-bottleneck", "densenet-bc-22-12", "resnest-50", "sk-resnext-50-32x4d", "efficientnet-b0"];

    [Theory]
    [MemberData(nameof(Backbones))]
    public void Maps_AnyFamily_HaveItsStagesAndAreFinite(string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = Make(backbone);
        Tensor image = Image();

        NetworkMaps maps = NetworkMaps.Of(network, image, target: null);

        Assert.Equal(network.Backbone.StageChannels.Count, maps.StageMaps.Count);
        Assert.All(maps.StageMaps, map => Assert.All(map.Values, value => Assert.True(float.IsFinite(value) && value >= 0)));
        Assert.Contains(maps.StageMaps, map => map.Values.Any(value => value > 0));
        using IDisposable noGrad = no_grad();
        TensorAssert.CloseValues(TensorAssert.Values(network.call(image).softmax(1)), maps.Probabilities, 1e-4, backbone);
    }

    [Fact]
    public void Maps_HeadOnSeveralStages_HaveTheScoresOfTheNetwork()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, 4, new MultiStageHead());
        HashedTensor.Fill(network);
        network.eval();
        Tensor image = Image();

        NetworkMaps maps = NetworkMaps.Of(network, image, target: null);

        Assert.Null(maps.ClassMap);
        Assert.Contains(maps.StageMaps[1].Values, value => value > 0);
        using IDisposable noGrad = no_grad();
        TensorAssert.CloseValues(TensorAssert.Values(network.call(image).softmax(1)), maps.Probabilities, 1e-5, "multi-stage");
    }

    // TorchSharp's autograd.grad would end the process.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Maps_HeadThatIgnoresTheImage_AreZero(bool trainable)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork network = new(BackboneCatalog.Create("cifar-resnet-8", 3), new ConstantHead(trainable));
        network.eval();

        NetworkMaps maps = NetworkMaps.Of(network, Image(), target: null);

        Assert.Equal(2, maps.Class);
        Assert.Null(maps.ClassMap);
        Assert.Equal(3, maps.StageMaps.Count);
        Assert.All(maps.StageMaps, map => Assert.All(map.Values, value => Assert.Equal(0, value)));
    }

    private sealed class ConstantHead : HeadModule
    {
        private readonly TorchSharp.Modules.Parameter logits;

        public ConstantHead(bool trainable)
            : base(nameof(ConstantHead))
        {
            logits = nn.Parameter(tensor(new[] { 1f, 2, 4 }), trainable);
            RegisterComponents();
        }

        public override Tensor forward(Tensor embedding) => logits.expand(embedding.shape[0], 3);
    }

    private static ImageNetwork Make(string backbone)
    {
        ImageNetwork network = NetworkFactory.Create(backbone, 3, Classes);
        HashedTensor.Fill(network);
        foreach (TorchSharp.Modules.Parameter parameter in network.parameters())
        {
            parameter.requires_grad = false;
        }

        network.eval();
        return network;
    }

    private static Tensor Image() => tensor(HashedTensor.Fill("image", [1, 3, 64, 64]), [1, 3, 64, 64]).mul_(64);
}
