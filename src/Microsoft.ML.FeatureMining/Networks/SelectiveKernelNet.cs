using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// The branch of SK-ResNeXt: a bottleneck with a <see cref="SelectiveKernel"/> instead of the 3x3 convolution (Li et al. 2019, table 1). Names as in timm.
/// </summary>
internal sealed class SelectiveKernelBranch : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly Sequential conv1;
    private readonly SelectiveKernel conv2;
    private readonly Sequential conv3;

    public SelectiveKernelBranch(BlockShape shape, Cardinality cardinality, SelectiveKernelKind kind, LayerFactory layers)
        : base(nameof(SelectiveKernelBranch))
    {
        int width = cardinality.Width(shape.Planes);
        conv1 = Named(layers.ConvNorm(shape.Input, width, kernel: 1));
        conv2 = new SelectiveKernel(width, shape.Stride, cardinality.Groups, kind, layers);
        conv3 = Named(layers.ConvNorm(width, shape.Planes * BottleneckBranch.Expansion, kernel: 1));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = conv1.call(input).relu_();
        return conv3.call(conv2.call(inner)).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input) => graph.Apply(graph.Relu(graph.Apply(input, conv1)), conv2, conv3);

    private static Sequential Named((nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) pair) =>
        nn.Sequential(("conv", pair.Convolution), ("bn", pair.Norm));
}

/// <summary>
/// A skip and two branches of the same kind (Sun et al. 2020, figure 1): X + l F(X, W1) + (1 - l) F(X, W2). During training, l is 0 or 1 at random for the
/// whole batch; in evaluation mode it is 1/2 (equation 2). A branch with weight 0 is not computed, because it would get no gradient.
/// </summary>
internal sealed class DualBlock : RandomLayer, IOnnxModule
{
    private readonly nn.Module<Tensor, Tensor> branch1;
    private readonly nn.Module<Tensor, Tensor> branch2;
    private readonly Sequential? downsample;

    public DualBlock(Func<nn.Module<Tensor, Tensor>> branch, Sequential? skip)
        : base(nameof(DualBlock))
    {
        (branch1, branch2, downsample) = (branch(), branch(), skip);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor residual = training ? (Random.NextInt(2) == 1 ? branch1 : branch2).call(input) : branch1.call(input).Add_(branch2.call(input)).Mul_(0.5);
        return residual.Add_(downsample?.call(input) ?? input).relu_().MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue residual = graph.Mean(graph.Apply(input, branch1), graph.Apply(input, branch2));
        return graph.Relu(graph.Add(residual, downsample is null ? input : graph.Apply(input, downsample)));
    }
}

/// <summary>Two convolutions with receptive fields 3 and 5, combined by attention. Names as in timm.</summary>
internal sealed class SelectiveKernel : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly ModuleList<nn.Module<Tensor, Tensor>> paths;
    private readonly SelectiveKernelAttention attn;

    public SelectiveKernel(int channels, int stride, int groups, SelectiveKernelKind kind, LayerFactory layers)
        : base(nameof(SelectiveKernel))
    {
        int inner = kind.Blurred ? 1 : stride;
        bool blur = kind.Blurred && stride > 1;
        paths = kind.Depthwise
            ? nn.ModuleList<nn.Module<Tensor, Tensor>>(
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 3, inner, channels), blur),
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 5, inner, channels), blur)
            )
            : nn.ModuleList<nn.Module<Tensor, Tensor>>(
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 3, inner, groups), blur),
                new SelectiveKernelPath(layers.ConvNorm(channels, channels, kernel: 3, inner, groups, dilation: 2), blur)
            );
        attn = new SelectiveKernelAttention(channels, layers);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return attn.call(paths[0].call(input), paths[1].call(input)).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input) => attn.Export(graph, graph.Apply(input, paths[0]), graph.Apply(input, paths[1]));
}

/// <summary>
/// Channel-wise attention over two maps (Li et al. 2019, "Selective Kernel Networks", section 3.1): their sum, globally average-pooled, goes through max(C/16,
/// 32) channels to one score per map and channel. The softmax over the maps gives the weights.
/// </summary>
internal sealed class SelectiveKernelAttention : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> fc_reduce;
    private readonly nn.Module<Tensor, Tensor> bn;
    private readonly Conv2d fc_select;
    private readonly int _channels;

    public SelectiveKernelAttention(int channels, LayerFactory layers)
        : base(nameof(SelectiveKernelAttention))
    {
        _channels = channels;
        int reduced = Math.Max(channels / 16, 32);
        (fc_reduce, bn) = layers.ConvNorm(channels, reduced, kernel: 1);
        fc_select = WeightLayers.Conv2d(reduced, 2 * channels, 1, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor near, Tensor far)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor scores = fc_select.call(bn.call(fc_reduce.call(TwoMaps.Summary(near, far))).relu_()); // [N,2C,1,1]
        return TwoMaps.Blend(near, far, scores).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue near, OnnxValue far)
    {
        OnnxValue reduced = graph.Apply(TwoMaps.ExportSummary(graph, near, far), fc_reduce, bn);
        return TwoMaps.ExportBlend(graph, near, far, graph.Apply(graph.Relu(reduced), fc_select), _channels);
    }
}

/// <summary>The variants of SK-ResNeXt.</summary>
/// <param name="Blurred">Max pooling and strided convolutions have stride 1, followed by a blur pool.</param>
/// <param name="Depthwise">
/// Depthwise 3x3 and 5x5 convolutions, as in Sun et al. 2020. Otherwise, as in Li et al. 2019 and timm, grouped convolutions, and the 5x5 is a 3x3 with
/// dilation 2.
/// </param>
internal readonly record struct SelectiveKernelKind(bool Blurred, bool Depthwise);

/// <summary>Convolution, BatchNorm, ReLU and, if it replaces the stride of the convolution, a blur pool. Names as in timm.</summary>
internal sealed class SelectiveKernelPath : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly nn.Module<Tensor, Tensor> conv;
    private readonly nn.Module<Tensor, Tensor> bn;
    private readonly BlurPool? aa;

    public SelectiveKernelPath((nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) pair, bool blur)
        : base(nameof(SelectiveKernelPath))
    {
        (conv, bn) = pair;
        aa = blur ? new BlurPool() : null;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = bn.call(conv.call(input)).relu_();
        return (aa?.call(output) ?? output).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue output = graph.Relu(graph.Apply(input, conv, bn));
        return aa is null ? output : graph.Apply(output, aa);
    }
}
