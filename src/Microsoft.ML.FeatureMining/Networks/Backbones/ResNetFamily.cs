using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

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
            new SplitAttentionBranch(shape, layers), Skip.AveragedProjection(shape.Input, Output(shape), shape.Stride, layers)));

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
        new(new BasicBranch(shape, layers), Skip.Projection(shape.Input, shape.Planes, shape.Stride, layers));

    public static ResidualBlock Bottleneck(BlockShape shape, Cardinality cardinality, LayerFactory layers) =>
        new(new BottleneckBranch(shape, cardinality, layers), Projection(shape, layers));

    private static ResNet Bottlenecks(ResNetStem stem, int[] blocks, Func<BlockShape, nn.Module<Tensor, Tensor>> block) =>
        new(stem, blocks, BottleneckBranch.Expansion, block);

    private static Sequential? Projection(BlockShape shape, LayerFactory layers) => Skip.Projection(shape.Input, Output(shape), shape.Stride, layers);

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
