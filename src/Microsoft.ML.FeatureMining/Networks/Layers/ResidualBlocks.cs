using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// ReLU of a branch plus a skip: the block of all residual networks but the pre-activated ones. The branch's layers are named as children of the block, as in
/// torchvision and timm.
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    // Delegates: a field of a module's type would be registered under the field's name.
    private readonly Func<Tensor, Tensor> _branch;
    private readonly Func<Tensor, Tensor>? _skip;

    /// <param name="branch">Its children become this block's.</param>
    /// <param name="skip">Null where the input itself is the skip.</param>
    public ResidualBlock(nn.Module<Tensor, Tensor> branch, Sequential? skip)
        : base(nameof(ResidualBlock))
    {
        _branch = branch.call;
        foreach ((string name, nn.Module layer) in branch.named_children())
        {
            register_module(name, layer);
        }

        if (skip is not null)
        {
            _skip = skip.call;
            register_module("downsample", skip);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return _branch(input).Add_(_skip?.Invoke(input) ?? input).relu_().MoveToOuterDisposeScope();
    }
}

/// <summary>Stages of residual blocks.</summary>
internal static class ResidualStage
{
    /// <summary>A stage whose first block changes channels and size, and whose other blocks keep them.</summary>
    public static Sequential Of(int blocks, BlockShape first, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> make) =>
        nn.Sequential(Enumerable.Range(0, blocks).Select(i => make(i == 0 ? first : new BlockShape(first.Planes * expansion, first.Planes, 1))).ToArray());

    /// <summary>A stage for each of <paramref name="planes"/>; all but the first halve the size.</summary>
    /// <param name="input">Channels that leave the stem.</param>
    /// <param name="planes">The width of each stage.</param>
    /// <param name="blocks">Blocks in each stage.</param>
    /// <param name="expansion">Output channels of a block as a multiple of the planes.</param>
    /// <param name="make">Makes a block.</param>
    public static IReadOnlyList<Sequential> All(int input, int[] planes, int[] blocks, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> make) =>
        [.. planes.Select((width, i) => Of(blocks[i], new BlockShape(i == 0 ? input : planes[i - 1] * expansion, width, i == 0 ? 1 : 2), expansion, make))];
}

/// <summary>The branch of a <see cref="ResidualBlock"/> with two 3x3 convolutions (He et al. 2016, figure 5 left).</summary>
internal sealed class BasicBranch : nn.Module<Tensor, Tensor>
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
}

/// <summary>
/// The branch of a <see cref="ResidualBlock"/> with 1x1, 3x3 and 1x1 convolutions (He et al. 2016, figure 5 right; the stride on the 3x3, as torchvision has
/// it). The 3x3 in groups makes it ResNeXt's (Xie et al. 2017, figure 3c).
/// </summary>
internal sealed class BottleneckBranch : nn.Module<Tensor, Tensor>
{
    /// <summary>Output channels as a multiple of the planes.</summary>
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
}

/// <summary>The skip of a residual block.</summary>
internal static class Shortcut
{
    /// <summary>A 1x1 convolution with BatchNorm where the shape changes; null where the input itself is the skip.</summary>
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

/// <summary>The shape of a residual block.</summary>
/// <param name="Input">Input channels.</param>
/// <param name="Planes">The width of its stage: output channels divided by the expansion of the block's kind.</param>
/// <param name="Stride">Of its 3x3 convolution and of its skip.</param>
internal readonly record struct BlockShape(int Input, int Planes, int Stride);

/// <summary>The "32x4d" of a ResNeXt (Xie et al. 2017, table 2): the number of groups, and the channels of each in the first stage.</summary>
internal readonly record struct Cardinality(int Groups, int GroupWidth)
{
    /// <summary>One group of the width of the stage: a ResNet.</summary>
    public static Cardinality One { get; } = new(1, 64);

    /// <summary>Channels within a block of a stage with that many planes.</summary>
    public int Width(int planes) => planes * GroupWidth / 64 * Groups;
}
