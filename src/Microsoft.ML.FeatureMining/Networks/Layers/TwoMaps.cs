using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Channel-wise attention over two maps (Li et al. 2019, "Selective Kernel Networks", section 3.1). The layers between the summary and the scores belong to the
/// network.
/// </summary>
internal static class TwoMaps
{
    /// <summary>Global average pooling of first + second, [N,C,1,1].</summary>
    public static Tensor Summary(Tensor first, Tensor second) => first.Add(second).mean(new long[] { 2, 3 }, keepdim: true);

    /// <summary>The mean of two maps [N,C,h,w], weighted by the softmax over their scores.</summary>
    /// <param name="first">Weighted by the first C scores.</param>
    /// <param name="second">Weighted by the other C scores.</param>
    /// <param name="scores">[N,2C,1,1].</param>
    public static Tensor Blend(Tensor first, Tensor second, Tensor scores)
    {
        using DisposeScope scope = NewDisposeScope();
        long channels = first.shape[1];
        // The softmax over two values is the sigmoid of their difference.
        Tensor share = (scores.narrow(1, 0, channels) - scores.narrow(1, channels, channels)).sigmoid();
        return second.Add((first - second) * share).MoveToOuterDisposeScope();
    }

    /// <summary><see cref="Summary"/> in an ONNX graph.</summary>
    public static OnnxValue ExportSummary(OnnxGraphBuilder graph, OnnxValue first, OnnxValue second) => graph.GlobalAveragePool(graph.Add(first, second));

    /// <summary><see cref="Blend"/> in an ONNX graph.</summary>
    public static OnnxValue ExportBlend(OnnxGraphBuilder graph, OnnxValue first, OnnxValue second, OnnxValue scores, int channels)
    {
        OnnxValue share = graph.Sigmoid(graph.Sub(graph.Slice(scores, 1, 0, channels), graph.Slice(scores, 1, channels, 2 * channels)));
        return graph.Add(second, graph.Mul(graph.Sub(first, second), share));
    }
}
