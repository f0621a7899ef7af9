using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks.Onnx;

/// <summary>TorchSharp's layers in an ONNX graph, and what a graph does not accept.</summary>
public sealed class OnnxGraphBuilderTests : IClassFixture<SingleThreadFixture>
{
    private static readonly Dictionary<string, Func<nn.Module<Tensor, Tensor>>> Layers = new()
    {
        ["convolution"] = () => nn.Conv2d(4, 6, 3),
        ["convolution, all settings"] = () => nn.Conv2d(4, 6, (3, 2), (2, 1), (2, 1), (1, 2), groups: 2, bias: false),
        ["convolution, padding same"] = () => nn.Conv2d(4, 6, 4, padding: Padding.Same),
        ["convolution, padding valid"] = () => nn.Conv2d(4, 6, 4, padding: Padding.Valid),
        ["batch norm"] = () => nn.BatchNorm2d(4, eps: 0.01),
        ["convolution, batch norm"] = () => nn.Sequential(nn.Conv2d(4, 6, 3), nn.BatchNorm2d(6, eps: 0.01)),
        ["convolution without bias, batch norm"] = () => nn.Sequential(nn.Conv2d(4, 6, 3, bias: false), nn.BatchNorm2d(6)),
        ["linear"] = () => nn.Sequential(nn.Flatten(), nn.Linear(4 * 11 * 13, 5)),
        ["linear without bias"] = () => nn.Sequential(nn.Flatten(), nn.Linear(4 * 11 * 13, 5, hasBias: false)),
        ["activations"] = () => nn.Sequential(nn.ReLU(), nn.SiLU(), nn.Sigmoid(), nn.Identity(), nn.Dropout(0.5)),
        ["max pool"] = () => nn.MaxPool2d(3, 2, 1),
        ["max pool, default stride"] = () => nn.MaxPool2d(3),
        ["max pool, ceil mode"] = () => nn.MaxPool2d(2, 2, ceil_mode: true),
        ["max pool, dilation"] = () => nn.MaxPool2d(2, 1, 0, 2),
        ["average pool"] = () => nn.AvgPool2d(3, 2, 1),
        ["average pool, without padding"] = () => nn.AvgPool2d(3, 2, 1, count_include_pad: false),
        ["average pool, ceil mode"] = () => nn.AvgPool2d(2, 2, ceil_mode: true, count_include_pad: false),
    };

    public static TheoryData<string> LayerNames { get; } = [.. Layers.Keys];

    [Theory]
    [MemberData(nameof(LayerNames))]
    public void Apply_Layer_ComputesWhatForwardDoes(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using nn.Module<Tensor, Tensor> layer = Layers[name]();
        foreach ((string tensorName, Tensor value) in layer.state_dict().Where(entry => entry.Value.is_floating_point()))
        {
            value.copy_(tensor(HashedTensor.Fill(tensorName, value.shape), value.shape));
        }

        layer.eval();
        RandomStream random = new(1, "images");
        float[] images = [.. Enumerable.Range(0, 2 * 4 * 11 * 13).Select(_ => (float)random.NextGaussian())];

        using OnnxRun onnx = Run(graph => graph.Apply(new OnnxValue("Image"), layer));

        OnnxAssert.Close(TensorAssert.Values(layer.call(tensor(images, [2, 4, 11, 13]))), onnx.Score(images, 2, 4, 11, 13), 1e-6);
    }

    [Fact]
    public void Node_InputsThatAddNodesWhileTheyAreEnumerated_HaveNamesOfTheirOwn()
    {
        using OnnxRun onnx = Run(graph =>
        {
            OnnxValue image = new("Image");
            return graph.Node("Sum", Enumerable.Range(0, 2).Select(_ => graph.Node("Sum", [image, image])));
        });

        Assert.All(onnx.Score([.. Enumerable.Repeat(1f, 4 * 11 * 13)], 1, 4, 11, 13), value => Assert.Equal(4, value));
    }

    [Fact]
    public void Apply_UnknownModule_NamesItAndWhatToImplement()
    {
        using nn.Module layer = nn.GELU();

        NotSupportedException error = Assert.Throws<NotSupportedException>(() => new OnnxGraphBuilder().Apply(new OnnxValue("x"), layer));

        Assert.Contains("TorchSharp.Modules.GELU cannot be exported to ONNX.", error.Message, StringComparison.Ordinal);
        Assert.Contains("Implement IOnnxModule", error.Message, StringComparison.Ordinal);
    }

    // Settings that the graph would silently ignore.
    [Fact]
    public void Apply_SettingThatIsNotSupported_Throws()
    {
        using nn.Module padding = nn.Conv2d(3, 3, 3, padding: 1, padding_mode: PaddingModes.Reflect),
            divisor = nn.AvgPool2d(2, divisor_override: 3),
            statistics = nn.BatchNorm2d(3, track_running_stats: false);

        Assert.All(
            [padding, divisor, statistics],
            layer => Assert.Throws<NotSupportedException>(() => new OnnxGraphBuilder().Apply(new OnnxValue("x"), layer))
        );
    }

    // Both outputs of the convolution are read, so that folding would change one of them.
    [Fact]
    public void FoldBatchNorm_ConvolutionReadTwice_IsNotFolded()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using nn.Module<Tensor, Tensor> convolution = nn.Conv2d(4, 4, 1),
            norm = nn.BatchNorm2d(4);
        norm.eval();
        float[] images = [.. Enumerable.Range(0, 4 * 11 * 13).Select(i => i / 100f)];
        Tensor convolved = convolution.call(tensor(images, [1, 4, 11, 13]));

        using OnnxRun onnx = Run(graph =>
        {
            OnnxValue value = graph.Apply(new OnnxValue("Image"), convolution);
            return graph.Add(value, graph.Apply(value, norm));
        });

        OnnxAssert.Close(TensorAssert.Values(convolved + norm.call(convolved)), onnx.Score(images, 1, 4, 11, 13), 1e-6);
    }

    [Fact]
    public void Initializer_IntegersOtherThanInt64_Throws()
    {
        using Tensor bytes = zeros(3, ScalarType.Byte);

        Assert.Contains("Byte", Assert.Throws<NotSupportedException>(() => new OnnxGraphBuilder().Initializer(bytes)).Message, StringComparison.Ordinal);
    }

    private static OnnxRun Run(Func<OnnxGraphBuilder, OnnxValue> build) => OnnxRun.OfGraph(build, OnnxType.Float, "N", 4, 11, 13);
}
