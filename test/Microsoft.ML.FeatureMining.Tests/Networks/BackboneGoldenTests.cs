using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>
/// Compares a network of every family with PyTorch's network with the same weights (torchvision's, if it has one). Training is compared in double precision, to
/// exclude rounding errors (in single precision, PyTorch's own gradients of a ResNet-50 are 2 % off at this size); scoring also in single precision.
/// </summary>
public sealed class BackboneGoldenTests : IClassFixture<SingleThreadFixture>
{
    private const double Single = 1e-4;

    // Sketches of gradients were stored in single precision.
    private const double Double = 1e-6;
    private const int Classes = 10;

    public static TheoryData<string> Names { get; } =
    [
        .. Directory
            .GetFiles(Path.Combine(AppContext.BaseDirectory, "Goldens", "backbones"))
            .Select(file => Path.GetFileNameWithoutExtension(file))
            .Order(StringComparer.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Network_PyTorchsWeights_GivesPyTorchsFeaturesLogitsAndGradients(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        BackboneGolden golden = new(name);
        using ImageNetwork network = NetworkFactory.Create(name, inputChannels: 3, Classes);
        HashedTensor.Fill(network);
        AssertForward(golden, network, ScalarType.Float32, "eval", Single).Dispose();

        network.to(ScalarType.Float64);
        AssertForward(golden, network, ScalarType.Float64, "eval", Double).Dispose();
        Tensor logits = AssertForward(golden, network, ScalarType.Float64, "train", Double);

        nn.functional.cross_entropy(logits, arange(4)).backward();
        Dictionary<string, Tensor> parameters = network.NamedState().ToDictionary(entry => entry.Name, entry => entry.Value);
        string[] names = golden.GradientNames;
        Assert.Equal(network.parameters().Count(), names.Length);
        for (int i = 0; i < names.Length; i++)
        {
            // A branch that was not selected has no gradient.
            Tensor gradient = parameters[names[i]].grad ?? zeros(1);
            golden.AssertSketch("gradients", i, gradient, Double, names[i]);
        }
    }

    private static Tensor AssertForward(BackboneGolden golden, ImageNetwork network, ScalarType type, string mode, double tolerance)
    {
        using IDisposable grad = set_grad_enabled(mode == "train");
        network.train(mode == "train");
        foreach (nn.Module layer in network.modules().Where(layer => layer is StochasticDepth or StreamDropout))
        {
            layer.eval();
        }

        RandomLayer.SetStream(network, new RandomStream(1, "network"));
        Tensor features = network.Backbone.Stem(golden.Images().to(type));
        for (int stage = 0; stage < network.Backbone.StageChannels.Count; stage++)
        {
            features = network.Backbone.Stage(stage, features);
            golden.AssertSketch($"stages.{mode}", stage, features, tolerance, $"stage {stage} in {mode} mode");
        }

        Tensor logits = network.Head.call(network.Head.Embed(features));
        golden.AssertLogits($"logits.{mode}", logits, tolerance);
        return logits;
    }
}
