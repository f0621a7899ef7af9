using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Anti-aliased downsampling by 2: the filter [1,2,1]x[1,2,1]/16 at stride 2 with reflection padding (Zhang 2019, "Making Convolutional Networks
/// Shift-Invariant Again"). Computed as two 2x2 average pools, so that no filter weights are stored.
/// </summary>
internal sealed class BlurPool() : nn.Module<Tensor, Tensor>(nameof(BlurPool)), IOnnxModule
{
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        // Reflection padding needs at least two rows and two columns, so a single one is repeated.
        Tensor map = input.expand(-1, -1, Math.Max(2, input.shape[2]), Math.Max(2, input.shape[3]));
        Tensor padded = nn.functional.pad(map, (1, 1, 1, 1), PaddingModes.Reflect);
        Tensor halfway = nn.functional.avg_pool2d(padded, [2, 2], [1, 1]);
        return nn.functional.avg_pool2d(halfway, [2, 2], [2, 2]).MoveToOuterDisposeScope();
    }

    // Not with Pad, because ONNX Runtime cannot reflect a map of one row or column.
    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue padded = Reflect(graph, Reflect(graph, input, axis: 2), axis: 3);
        return Average(graph, Average(graph, padded, stride: 1), stride: 2);
    }

    // Adds the second position before the first and the last but one after the last; a single position is repeated.
    private static OnnxValue Reflect(OnnxGraphBuilder graph, OnnxValue x, long axis)
    {
        OnnxValue before = graph.Slice(graph.Slice(x, axis, 0, 2), axis, -1, long.MaxValue);
        OnnxValue after = graph.Slice(graph.Slice(x, axis, -2, long.MaxValue), axis, 0, 1);
        return graph.Concat(axis, before, x, after);
    }

    private static OnnxValue Average(OnnxGraphBuilder graph, OnnxValue x, long stride) =>
        graph.Node("AveragePool", [x], OnnxAttribute.Ints("kernel_shape", 2, 2), OnnxAttribute.Ints("strides", stride, stride));
}
