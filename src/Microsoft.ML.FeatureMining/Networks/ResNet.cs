using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// The residual networks for large images (He et al. 2016, table 1) and their kin, which differ in the stem and in the block: four stages of 64, 128, 256 and 512
/// planes at strides 4, 8, 16 and 32 (1, 2, 4 and 8 with the stem for small images).
/// </summary>
internal sealed class ResNet : Backbone
{
    private static readonly int[] Planes = [64, 128, 256, 512];

    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> maxpool;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;
    private readonly int[] stageChannels;

    public ResNet(ResNetStem stem, int[] blocks, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> block)
        : base(nameof(ResNet))
    {
        (conv1, bn1, maxpool) = (stem.Convolution, stem.Norm, stem.Pool);
        stageChannels = [.. Planes.Select(planes => planes * expansion)];
        layer1 = ResidualStage.Of(blocks[0], new BlockShape(stem.Channels, Planes[0], 1), expansion, block);
        layer2 = ResidualStage.Of(blocks[1], new BlockShape(stageChannels[0], Planes[1], 2), expansion, block);
        layer3 = ResidualStage.Of(blocks[2], new BlockShape(stageChannels[1], Planes[2], 2), expansion, block);
        layer4 = ResidualStage.Of(blocks[3], new BlockShape(stageChannels[2], Planes[3], 2), expansion, block);
        RegisterComponents();
    }

    public override IReadOnlyList<int> StageChannels => stageChannels;

    protected internal override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => [[conv1, bn1], [layer1], [layer2], [layer3], [layer4]];

    public override Tensor Stem(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return maxpool.call(bn1.call(conv1.call(images)).relu_()).MoveToOuterDisposeScope();
    }

    public override Tensor Stage(int index, Tensor input) => index switch
    {
        0 => layer1.call(input),
        1 => layer2.call(input),
        2 => layer3.call(input),
        3 => layer4.call(input),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };
}

/// <summary>
/// The networks that are a <see cref="ResNet"/> with some block. Under torchvision's names: ResNet (He et al. 2016, table 1), ResNeXt (Xie et al. 2017, table 1). Under timm's:
/// ResNeSt (Zhang et al. 2020, "ResNeSt: Split-Attention Networks"), SK-ResNeXt. D- and DSK-ResNeXt, of which nobody published weights: Sun et al. 2020, "A Visual Inductive
/// Priors Framework for Data-Efficient Image Classification", figure 1 and equation 2.
/// </summary>
internal static class ResNetFamily
{
    public static Backbone ResNet(int depth, bool small, int inputChannels, LayerFactory layers) => depth < 50
        ? new ResNet(Stem(small, inputChannels, layers), Blocks(depth), 1, shape => Basic(shape, layers))
        : ResNeXt(depth, Cardinality.One, small, inputChannels, layers);

    public static Backbone ResNeXt(int depth, Cardinality cardinality, bool small, int inputChannels, LayerFactory layers) =>
        Bottlenecks(Stem(small, inputChannels, layers), Blocks(depth), shape => Bottleneck(shape, cardinality, layers));

    public static Backbone ResNeSt(int depth, bool small, int inputChannels, LayerFactory layers) => Bottlenecks(
        ResNetStem.Deep(depth > 50 ? 64 : 32, small, inputChannels, layers), depth == 200 ? [3, 24, 36, 3] : Blocks(depth), shape => new ResidualBlock(
            new SplitAttentionBranch(shape, layers), Shortcut.AveragedProjection(shape.Input, Output(shape), shape.Stride, layers)));

    public static Backbone SelectiveKernel(int depth, Cardinality cardinality, SelectiveKernelKind kind, bool small, int inputChannels, LayerFactory layers) => Bottlenecks(
        Stem(small, inputChannels, layers, kind.Blurred), Blocks(depth), shape => new ResidualBlock(
            new SelectiveKernelBranch(shape, cardinality, kind, layers), Projection(shape, layers)));

    public static Backbone Dual(int depth, Cardinality cardinality, bool small, int inputChannels, LayerFactory layers) => Bottlenecks(
        Stem(small, inputChannels, layers), Blocks(depth), shape => new DualBlock(
            () => new BottleneckBranch(shape, cardinality, layers), Projection(shape, layers)));

    public static Backbone DualSelectiveKernel(int depth, Cardinality cardinality, SelectiveKernelKind kind, bool small, int inputChannels, LayerFactory layers) => Bottlenecks(
        Stem(small, inputChannels, layers, kind.Blurred), Blocks(depth), shape => new DualBlock(
            () => new SelectiveKernelBranch(shape, cardinality, kind, layers), Projection(shape, layers)));

    public static ResidualBlock Basic(BlockShape shape, LayerFactory layers) =>
        new(new BasicBranch(shape, layers), Shortcut.Projection(shape.Input, shape.Planes, shape.Stride, layers));

    public static ResidualBlock Bottleneck(BlockShape shape, Cardinality cardinality, LayerFactory layers) =>
        new(new BottleneckBranch(shape, cardinality, layers), Projection(shape, layers));

    private static ResNet Bottlenecks(ResNetStem stem, int[] blocks, Func<BlockShape, nn.Module<Tensor, Tensor>> block) =>
        new(stem, blocks, BottleneckBranch.Expansion, block);

    private static Sequential? Projection(BlockShape shape, LayerFactory layers) => Shortcut.Projection(shape.Input, Output(shape), shape.Stride, layers);

    private static int Output(BlockShape shape) => shape.Planes * BottleneckBranch.Expansion;

    private static ResNetStem Stem(bool small, int inputChannels, LayerFactory layers, bool blurred = false) =>
        small ? ResNetStem.Small(inputChannels, layers) : ResNetStem.Large(inputChannels, layers, blurred);

    private static int[] Blocks(int depth) => depth switch
    {
        14 => [1, 1, 1, 1],
        18 or 26 => [2, 2, 2, 2],
        34 or 50 => [3, 4, 6, 3],
        101 => [3, 4, 23, 3],
        152 => [3, 8, 36, 3],
        _ => throw new ArgumentException($"A ResNet has 14, 18, 26, 34, 50, 101 or 152 layers, not {depth}."),
    };
}

/// <summary>What stands before the stages of a residual network: a convolution (or three), its BatchNorm, ReLU, and a pool.</summary>
/// <param name="Convolution">Under the name <c>conv1</c>.</param>
/// <param name="Norm">Under the name <c>bn1</c>.</param>
/// <param name="Pool">After the ReLU.</param>
/// <param name="Channels">That leave the stem.</param>
internal sealed record ResNetStem(nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm, nn.Module<Tensor, Tensor> Pool, int Channels)
{
    private const int Width = 64;

    /// <summary>7x7 at stride 2 and max pooling (He et al. 2016, table 1); blurred: the max pooling at stride 1 and a <see cref="BlurPool"/>.</summary>
    public static ResNetStem Large(int inputChannels, LayerFactory layers, bool blurred = false)
    {
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, Width, kernel: 7, stride: 2);
        return new ResNetStem(convolution, norm, blurred ? nn.Sequential(nn.MaxPool2d(3, 1, 1), new BlurPool()) : nn.MaxPool2d(3, 2, 1), Width);
    }

    /// <summary>For images of 32 or 64 pixels: 3x3 at stride 1, no pool.</summary>
    public static ResNetStem Small(int inputChannels, LayerFactory layers)
    {
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, Width, kernel: 3);
        return new ResNetStem(convolution, norm, nn.Identity(), Width);
    }

    /// <summary>Three 3x3 convolutions instead of the 7x7 (He et al. 2019, "Bag of Tricks", figure 2b), the last twice as wide; for small images at stride 1 and without the pool.</summary>
    public static ResNetStem Deep(int width, bool small, int inputChannels, LayerFactory layers)
    {
        (nn.Module<Tensor, Tensor> first, nn.Module<Tensor, Tensor> norm0) = layers.ConvNorm(inputChannels, width, kernel: 3, small ? 1 : 2);
        (nn.Module<Tensor, Tensor> second, nn.Module<Tensor, Tensor> norm1) = layers.ConvNorm(width, width, kernel: 3);
        (nn.Module<Tensor, Tensor> third, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(width, 2 * width, kernel: 3);
        Sequential convolutions = nn.Sequential(first, norm0, nn.ReLU(), second, norm1, nn.ReLU(), third);
        return new ResNetStem(convolutions, norm, small ? nn.Identity() : nn.MaxPool2d(3, 2, 1), 2 * width);
    }
}

/// <summary>
/// ReLU of a branch plus a skip: the block of all residual networks but the pre-activated ones. The branch's layers stand in the block's own name space, as they do in
/// torchvision and timm.
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    // Delegates: a field of a module's type would be registered under the field's name.
    private readonly Func<Tensor, Tensor> _branch;
    private readonly Func<Tensor, Tensor>? _skip;

    /// <param name="branch">Its children become this block's.</param>
    /// <param name="skip">Null where the input itself will do.</param>
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

/// <summary>A stage of residual blocks: the first changes channels and size, the others keep them.</summary>
internal static class ResidualStage
{
    public static Sequential Of(int blocks, BlockShape first, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> make) =>
        nn.Sequential(Enumerable.Range(0, blocks).Select(i => make(i == 0 ? first : new BlockShape(first.Planes * expansion, first.Planes, 1))).ToArray());
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
/// The branch of a <see cref="ResidualBlock"/> with 1x1, 3x3 and 1x1 convolutions (He et al. 2016, figure 5 right; the stride on the 3x3, as torchvision has it).
/// The 3x3 in groups makes it ResNeXt's (Xie et al. 2017, figure 3c).
/// </summary>
internal sealed class BottleneckBranch : nn.Module<Tensor, Tensor>
{
    /// <summary>Channels that come out, in multiples of the planes.</summary>
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
    /// <summary>A 1x1 convolution with BatchNorm where the shape changes; null where the input itself will do.</summary>
    public static Sequential? Projection(int input, int output, int stride, LayerFactory layers)
    {
        if (stride == 1 && input == output)
        {
            return null;
        }

        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(input, output, kernel: 1, stride);
        return nn.Sequential(convolution, norm);
    }

    /// <summary>The same with the stride in a mean before the convolution (He et al. 2019, "Bag of Tricks", figure 2c).</summary>
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

/// <summary>What a residual block is made for.</summary>
/// <param name="Input">Channels that come in.</param>
/// <param name="Planes">The width of its stage; what comes out is this times the expansion of the block's kind.</param>
/// <param name="Stride">Of its 3x3 convolution and of its skip.</param>
internal readonly record struct BlockShape(int Input, int Planes, int Stride);

/// <summary>The "32x4d" of a ResNeXt (Xie et al. 2017, table 2): how many groups, and how many channels has each at the first stage.</summary>
internal readonly record struct Cardinality(int Groups, int GroupWidth)
{
    /// <summary>No groups, and the width of the stage: a ResNet.</summary>
    public static Cardinality One { get; } = new(1, 64);

    /// <summary>Channels within a block of a stage of so many planes.</summary>
    public int Width(int planes) => planes * GroupWidth / 64 * Groups;
}
