using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// relu(branch(x) + skip(x)): the block of all residual networks except the pre-activation ones. The layers of the branch are registered directly in the
/// block, as in torchvision and timm.
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>, IOnnxModule
{
    // Delegates, because a field with a module type would be registered under the field's name.
    private readonly Func<nn.Module<Tensor, Tensor>> _branch;
    private readonly Func<Sequential?> _skip;

    /// <param name="branch">The branch; its children become children of the block.</param>
    /// <param name="skip">The skip connection; null for the identity.</param>
    public ResidualBlock(nn.Module<Tensor, Tensor> branch, Sequential? skip)
        : base(nameof(ResidualBlock))
    {
        (_branch, _skip) = (() => branch, () => skip);
        foreach ((string name, nn.Module layer) in branch.named_children())
        {
            register_module(name, layer);
        }

        if (skip is not null)
        {
            register_module("downsample", skip);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return _branch().call(input).Add_(_skip()?.call(input) ?? input).relu_().MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input) =>
        graph.Relu(graph.Add(graph.Apply(input, _branch()), _skip() is { } skip ? graph.Apply(input, skip) : input));
}

/// <summary>Stages of residual blocks.</summary>
internal static class ResidualStage
{
    /// <summary>A stage in which the first block changes channels and size.</summary>
    public static Sequential Of(int blocks, BlockShape first, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> make) =>
        nn.Sequential(Enumerable.Range(0, blocks).Select(i => make(i == 0 ? first : new BlockShape(first.Planes * expansion, first.Planes, 1))).ToArray());

    /// <summary>One stage for each entry of <paramref name="planes"/>. All except the first halve the size.</summary>
    /// <param name="input">The number of output channels of the stem.</param>
    /// <param name="planes">The width of each stage.</param>
    /// <param name="blocks">The number of blocks of each stage.</param>
    /// <param name="expansion">The number of output channels of a block as a multiple of the planes.</param>
    /// <param name="make">Creates a block.</param>
    public static IReadOnlyList<Sequential> All(int input, int[] planes, int[] blocks, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> make) =>
        [.. planes.Select((width, i) => Of(blocks[i], new BlockShape(i == 0 ? input : planes[i - 1] * expansion, width, i == 0 ? 1 : 2), expansion, make))];
}

/// <summary>The branch of a <see cref="ResidualBlock"/> with two 3x3 convolutions (He et al. 2016, figure 5 left).</summary>
internal sealed class BasicBranch : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn2;

    public BasicBranch(BlockShape shape, LayerFactory layers)
        : base(nameof(BasicBranch))
    {
        (conv1, bn1) = layers.ConvNorm(shape.Input, shape.Planes, kernel: 3, shape.Stride);
        (conv2, bn2) = layers.ConvNorm(shape.Planes, shape.Planes, kernel: 3);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = bn1.call(conv1.call(input)).relu_();
        return bn2.call(conv2.call(inner)).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input) => graph.Apply(graph.Relu(graph.Apply(input, conv1, bn1)), conv2, bn2);
}

/// <summary>
/// The branch of a <see cref="ResidualBlock"/> with 1x1, 3x3 and 1x1 convolutions (He et al. 2016, figure 5 right; the stride on the 3x3, as torchvision has
/// it). A grouped 3x3 makes it a ResNeXt branch (Xie et al. 2017, figure 3c).
/// </summary>
internal sealed class BottleneckBranch : nn.Module<Tensor, Tensor>, IOnnxModule
{
    /// <summary>The number of output channels as a multiple of the planes.</summary>
    public const int Expansion = 4;

    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly nn.Module<Tensor, Tensor> conv3;
    private readonly nn.Module<Tensor, Tensor> bn3;

    public BottleneckBranch(BlockShape shape, Cardinality cardinality, LayerFactory layers)
        : base(nameof(BottleneckBranch))
    {
        int width = cardinality.Width(shape.Planes);
        (conv1, bn1) = layers.ConvNorm(shape.Input, width, kernel: 1);
        (conv2, bn2) = layers.ConvNorm(width, width, kernel: 3, shape.Stride, cardinality.Groups);
        (conv3, bn3) = layers.ConvNorm(width, shape.Planes * Expansion, kernel: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = bn1.call(conv1.call(input)).relu_();
        inner = bn2.call(conv2.call(inner)).relu_();
        return bn3.call(conv3.call(inner)).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue inner = graph.Relu(graph.Apply(input, conv1, bn1));
        return graph.Apply(graph.Relu(graph.Apply(inner, conv2, bn2)), conv3, bn3);
    }
}

/// <summary>The skip connection of a residual block.</summary>
internal static class Shortcut
{
    /// <summary>A 1x1 convolution with BatchNorm if the shape changes; null for the identity.</summary>
    public static Sequential? Projection(int input, int output, int stride, LayerFactory layers)
    {
        if (stride == 1 && input == output)
        {
            return null;
        }

        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(input, output, kernel: 1, stride);
        return nn.Sequential(convolution, norm);
    }

    /// <summary>The same with the stride in an average pool before the convolution (He et al. 2019, "Bag of Tricks", figure 2c).</summary>
    public static Sequential? AveragedProjection(int input, int output, int stride, LayerFactory layers)
    {
        if (stride == 1 && input == output)
        {
            return null;
        }

        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(input, output, kernel: 1);
        nn.Module<Tensor, Tensor> mean = stride == 1 ? nn.Identity() : nn.AvgPool2d(stride, stride, ceil_mode: true, count_include_pad: false);
        return nn.Sequential(mean, convolution, norm);
    }
}

/// <summary>The configuration of a residual block.</summary>
/// <param name="Input">The number of input channels.</param>
/// <param name="Planes">The width of its stage. The number of output channels is this times the expansion of the block.</param>
/// <param name="Stride">The stride of its 3x3 convolution and its skip.</param>
internal readonly record struct BlockShape(int Input, int Planes, int Stride);

/// <summary>The "32x4d" of a ResNeXt (Xie et al. 2017, table 2): the number of groups, and the channels per group in the first stage.</summary>
internal readonly record struct Cardinality(int Groups, int GroupWidth)
{
    /// <summary>One group with the width of the stage: a plain ResNet.</summary>
    public static Cardinality One { get; } = new(1, 64);

    /// <summary>The inner channels of a block in a stage with this number of planes.</summary>
    public int Width(int planes) => planes * GroupWidth / 64 * Groups;
}
