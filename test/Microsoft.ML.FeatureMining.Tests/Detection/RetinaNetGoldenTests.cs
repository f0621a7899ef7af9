using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Losses;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>
/// Compares whole networks with torchvision's RetinaNet with the same weights, which both sides compute from the names of the tensors: a narrow one on a
/// ResNet-18, and torchvision's <c>retinanet_resnet50_fpn</c>. Losses and gradients are compared in double precision, to exclude rounding errors.
/// </summary>
public sealed class RetinaNetGoldenTests : IClassFixture<SingleThreadFixture>
{
    private const double Single = 1e-4;
    private const double Double = 1e-6;
    private const int Classes = 5;
    private const int Height = 64;
    private const int Width = 96;

    [Theory]
    [InlineData("resnet-18", 16)]
    [InlineData("resnet-50", 256)]
    public void Network_TorchvisionsWeights_GivesTorchvisionsPredictionsLossesAndGradients(string backbone, int channels)
    {
        using DisposeScope scope = NewDisposeScope();
        GoldenTensors golden = DetectionGolden.Of(backbone);
        using RetinaNet network = ModuleScope.Make(() =>
            new RetinaNet(BackboneCatalog.Create(backbone, 3), Classes, new RetinaNetSettings { Channels = channels, SmoothL1Beta = 0 })
        );
        HashedTensor.Fill(network.NamedState());
        AssertPredictions(golden, network, ScalarType.Float32, "eval", Single);

        network.to(ScalarType.Float64);
        AssertPredictions(golden, network, ScalarType.Float64, "eval", Double);
        (Tensor logits, Tensor deltas) = AssertPredictions(golden, network, ScalarType.Float64, "train", Double);

        IReadOnlyList<IReadOnlyList<ObjectBox>> objects = DetectionGolden.Objects(golden);
        (Tensor classification, Tensor boxes) = RetinaNetLoss.Parts(logits, deltas, network.AnchorsOf(Height, Width), objects, network.Settings);
        AssertRelative(golden.Doubles("classification")[0], classification.ToDouble());
        AssertRelative(golden.Doubles("regression")[0], boxes.ToDouble());

        RetinaNetLoss.Of(logits, deltas, network.AnchorsOf(Height, Width), objects, network.Settings).backward();
        Dictionary<string, Tensor> parameters = network.named_parameters().ToDictionary(entry => entry.name, entry => (Tensor)entry.parameter);
        Assert.Equal(golden.Names("gradients").Order(StringComparer.Ordinal), parameters.Keys.Order(StringComparer.Ordinal));
        Assert.All(
            parameters,
            entry => DetectionGolden.AssertSketch(golden.Doubles($"gradients/{entry.Key}"), entry.Value.grad!, Double, $"gradient of {entry.Key}")
        );
    }

    private static (Tensor Logits, Tensor Deltas) AssertPredictions(GoldenTensors golden, RetinaNet network, ScalarType type, string mode, double tolerance)
    {
        using IDisposable grad = set_grad_enabled(mode == "train");
        network.train(mode == "train");
        long[] shape = [3, 3, Height, Width];

        (Tensor logits, Tensor deltas) = network.Predict(tensor(HashedTensor.Fill("images", shape), shape).mul_(64).to(type));

        DetectionGolden.AssertSketch(golden.Doubles($"logits.{mode}"), logits, tolerance, $"logits in {mode} mode");
        DetectionGolden.AssertSketch(golden.Doubles($"deltas.{mode}"), deltas, tolerance, $"deltas in {mode} mode");
        return (logits, deltas);
    }

    private static void AssertRelative(double expected, double actual) => Assert.Equal(expected, actual, Double * expected);
}
