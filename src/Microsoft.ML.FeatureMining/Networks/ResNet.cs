using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// The residual networks for large images: four stages of 64, 128, 256 and 512 planes at strides 4, 8, 16 and 32 (1, 2, 4 and 8 with the stem for small
/// images). The variants have other stems and blocks. Names as in torchvision: ResNet (He et al. 2016, table 1), ResNeXt (Xie et al. 2017, table 1). Names as
/// in timm: ResNeSt (Zhang et al. 2020, "ResNeSt: Split-Attention Networks"), SK-ResNeXt. Without published weights: D- and DSK-ResNeXt (Sun et al. 2020, "A
/// Visual Inductive Priors Framework for Data-Efficient Image Classification", figure 1 and equation 2).
/// </summary>
internal static class ResNetFamily
{
    private static readonly int[] Planes = [64, 128, 256, 512];

    public static Backbone ResNet(int depth, bool small, int inputChannels, LayerFactory layers) =>
        depth < 50
            ? Network(Stem(small, inputChannels, layers), Blocks(depth), 1, shape => Basic(shape, layers))
            : ResNeXt(depth, Cardinality.One, small, inputChannels, layers);

    /// <summary>A ResNet-18 with a third block in the last stage, 20 layers: the network of ML.NET's package DnnImageFeaturizer.ResNet18.</summary>
    public static Backbone ResNet18With3Blocks(bool small, int inputChannels, LayerFactory layers) =>
        Network(Stem(small, inputChannels, layers), [2, 2, 2, 3], 1, shape => Basic(shape, layers));

    public static Backbone ResNeXt(int depth, Cardinality cardinality, bool small, int inputChannels, LayerFactory layers) =>
        Bottlenecks(Stem(small, inputChannels, layers), Blocks(depth), shape => Bottleneck(shape, cardinality, layers));

    public static Backbone ResNeSt(int depth, bool small, int inputChannels, LayerFactory layers) =>
        Bottlenecks(
            ResNetStem.Deep(depth > 50 ? 64 : 32, small, inputChannels, layers),
            depth == 200 ? [3, 24, 36, 3] : Blocks(depth),
            shape => new ResidualBlock(new SplitAttentionBranch(shape, layers), Shortcut.AveragedProjection(shape.Input, Output(shape), shape.Stride, layers))
        );

    public static Backbone SelectiveKernel(int depth, Cardinality cardinality, SelectiveKernelKind kind, bool small, int inputChannels, LayerFactory layers) =>
        Bottlenecks(
            Stem(small, inputChannels, layers, kind.Blurred),
            Blocks(depth),
            shape => new ResidualBlock(new SelectiveKernelBranch(shape, cardinality, kind, layers), Projection(shape, layers))
        );

    public static Backbone Dual(int depth, Cardinality cardinality, bool small, int inputChannels, LayerFactory layers) =>
        Bottlenecks(
            Stem(small, inputChannels, layers),
            Blocks(depth),
            shape => new DualBlock(() => new BottleneckBranch(shape, cardinality, layers), Projection(shape, layers))
        );

    public static Backbone DualSelectiveKernel(
        int depth,
        Cardinality cardinality,
        SelectiveKernelKind kind,
        bool small,
        int inputChannels,
        LayerFactory layers
    ) =>
        Bottlenecks(
            Stem(small, inputChannels, layers, kind.Blurred),
            Blocks(depth),
            shape => new DualBlock(() => new SelectiveKernelBranch(shape, cardinality, kind, layers), Projection(shape, layers))
        );

    public static ResidualBlock Basic(BlockShape shape, LayerFactory layers) =>
        new(new BasicBranch(shape, layers), Shortcut.Projection(shape.Input, shape.Planes, shape.Stride, layers));

    public static ResidualBlock Bottleneck(BlockShape shape, Cardinality cardinality, LayerFactory layers) =>
        new(new BottleneckBranch(shape, cardinality, layers), Projection(shape, layers));

    private static ResidualNetwork Bottlenecks(ResNetStem stem, int[] blocks, Func<BlockShape, nn.Module<Tensor, Tensor>> block) =>
        Network(stem, blocks, BottleneckBranch.Expansion, block);

    private static ResidualNetwork Network(ResNetStem stem, int[] blocks, int expansion, Func<BlockShape, nn.Module<Tensor, Tensor>> block) =>
        new(stem, ResidualStage.All(stem.Channels, Planes, blocks, expansion, block), [.. Planes.Select(planes => planes * expansion)]);

    private static Sequential? Projection(BlockShape shape, LayerFactory layers) => Shortcut.Projection(shape.Input, Output(shape), shape.Stride, layers);

    private static int Output(BlockShape shape) => shape.Planes * BottleneckBranch.Expansion;

    private static ResNetStem Stem(bool small, int inputChannels, LayerFactory layers, bool blurred = false) =>
        small ? ResNetStem.Small(inputChannels, layers) : ResNetStem.Large(inputChannels, layers, blurred);

    private static int[] Blocks(int depth) =>
        depth switch
        {
            14 => [1, 1, 1, 1],
            18 or 26 => [2, 2, 2, 2],
            34 or 50 => [3, 4, 6, 3],
            101 => [3, 4, 23, 3],
            152 => [3, 8, 36, 3],
            _ => throw new ArgumentException($"Invalid depth {depth}: a ResNet has 14, 18, 26, 34, 50, 101 or 152 layers."),
        };
}

/// <summary>The stem of a residual network: its layers with their state_dict names, and its number of output channels.</summary>
internal sealed record ResNetStem(int Channels, params IReadOnlyList<(string Name, nn.Module<Tensor, Tensor> Layer)> Layers)
{
    private const int Width = 64;

    /// <summary>7x7 at stride 2 and max pooling (He et al. 2016, table 1); blurred: max pooling at stride 1, then a <see cref="BlurPool"/>.</summary>
    public static ResNetStem Large(int inputChannels, LayerFactory layers, bool blurred = false)
    {
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, Width, kernel: 7, stride: 2);
        return Activated(Width, convolution, norm, blurred ? nn.Sequential(nn.MaxPool2d(3, 1, 1), new BlurPool()) : nn.MaxPool2d(3, 2, 1));
    }

    /// <summary>For images of 32 or 64 pixels: 3x3 at stride 1, no pool.</summary>
    public static ResNetStem Small(int inputChannels, LayerFactory layers, int width = Width)
    {
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, width, kernel: 3);
        return Activated(width, convolution, norm);
    }

    /// <summary>
    /// Three 3x3 convolutions instead of the 7x7 (He et al. 2019, "Bag of Tricks", figure 2b), the last twice as wide. For small images: stride 1 and
    /// no pool.
    /// </summary>
    public static ResNetStem Deep(int width, bool small, int inputChannels, LayerFactory layers)
    {
        (nn.Module<Tensor, Tensor> first, nn.Module<Tensor, Tensor> norm0) = layers.ConvNorm(inputChannels, width, kernel: 3, small ? 1 : 2);
        (nn.Module<Tensor, Tensor> second, nn.Module<Tensor, Tensor> norm1) = layers.ConvNorm(width, width, kernel: 3);
        (nn.Module<Tensor, Tensor> third, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(width, 2 * width, kernel: 3);
        Sequential convolutions = nn.Sequential(first, norm0, nn.ReLU(), second, norm1, nn.ReLU(), third);
        return small ? Activated(2 * width, convolutions, norm) : Activated(2 * width, convolutions, norm, nn.MaxPool2d(3, 2, 1));
    }

    private static ResNetStem Activated(
        int channels,
        nn.Module<Tensor, Tensor> convolution,
        nn.Module<Tensor, Tensor> norm,
        nn.Module<Tensor, Tensor>? pool = null
    ) => new(channels, [("conv1", convolution), ("bn1", norm), ("relu", nn.ReLU(inplace: true)), .. pool is null ? [] : new[] { ("maxpool", pool) }]);
}
