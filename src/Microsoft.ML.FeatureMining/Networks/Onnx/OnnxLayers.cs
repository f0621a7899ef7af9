using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>Exports TorchSharp's own layers.</summary>
internal static class OnnxLayers
{
    /// <summary>Adds a layer to a graph; null if the layer, or one of its settings, is not supported.</summary>
    public static OnnxValue? Export(OnnxGraphBuilder graph, nn.Module layer, OnnxValue x) =>
        layer switch
        {
            Sequential sequence => graph.Apply(x, sequence.children()),
            Conv2d { padding_mode: PaddingModes.Zeros } convolution => Convolve(graph, convolution, x),
            Linear linear => graph.Node("Gemm", [x, .. Weights(graph, linear.weight, linear.bias)], OnnxAttribute.Int("transB", 1)),
            BatchNorm { affine: true, track_running_stats: true } norm => graph.Node(
                "BatchNormalization",
                [x, .. Weights(graph, norm.weight, norm.bias, norm.running_mean, norm.running_var)],
                OnnxAttribute.Float("epsilon", (float)norm.eps)
            ),
            ReLU => graph.Relu(x),
            SiLU => graph.Mul(x, graph.Sigmoid(x)),
            global::TorchSharp.Modules.Sigmoid => graph.Sigmoid(x),
            MaxPool2d pool => graph.Node(
                "MaxPool",
                [x],
                [.. Window(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode), OnnxAttribute.Ints("dilations", Pair(pool.dilation ?? [1]))]
            ),
            AvgPool2d { divisor_override: null } pool => graph.Node(
                "AveragePool",
                [x],
                [.. Window(pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode), OnnxAttribute.Int("count_include_pad", pool.count_include_pad ? 1 : 0)]
            ),
            Flatten { start_dim: 1, end_dim: -1 } => graph.Flatten(x),
            Identity or Dropout => x,
            _ => null,
        };

    private static OnnxValue Convolve(OnnxGraphBuilder graph, Conv2d convolution, OnnxValue x) =>
        graph.Node(
            "Conv",
            [x, .. Weights(graph, convolution.weight, convolution.bias)],
            OnnxAttribute.Ints("kernel_shape", Pair(convolution.kernel_size)),
            OnnxAttribute.Ints("strides", Pair(convolution.stride)),
            OnnxAttribute.Ints("dilations", Pair(convolution.dilation)),
            OnnxAttribute.Int("group", convolution.groups),
            convolution.padding_type switch
            {
                Padding.Same => OnnxAttribute.String("auto_pad", "SAME_UPPER"),
                Padding.Valid => OnnxAttribute.String("auto_pad", "VALID"),
                _ => OnnxAttribute.Ints("pads", [.. Pair(convolution.padding!), .. Pair(convolution.padding!)]),
            }
        );

    private static IEnumerable<OnnxAttribute> Window(long[] kernel, long[]? stride, long[]? padding, bool ceil) =>
        [
            OnnxAttribute.Ints("kernel_shape", Pair(kernel)),
            OnnxAttribute.Ints("strides", Pair(stride ?? kernel)),
            OnnxAttribute.Ints("pads", [.. Pair(padding ?? [0]), .. Pair(padding ?? [0])]),
            OnnxAttribute.Int("ceil_mode", ceil ? 1 : 0),
        ];

    private static IEnumerable<OnnxValue> Weights(OnnxGraphBuilder graph, params Tensor?[] tensors) =>
        tensors.Where(tensor => tensor is not null).Select(tensor => graph.Initializer(tensor!));

    private static long[] Pair(long[] values) => values is [var side] ? [side, side] : values;
}
