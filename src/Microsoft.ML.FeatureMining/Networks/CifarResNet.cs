using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// The residual networks for small images of He et al. 2016, "Deep Residual Learning for Image Recognition" (section 4.2): a 3x3 stem of 16 channels and three
/// stages of 16, 32 and 64 channels (four times as many with bottleneck blocks) at strides 1, 2 and 4. Depth is 6n + 2 with basic blocks of two convolutions, 9n + 2 with
/// bottleneck blocks of three. Where the shape changes, the skip is a 1x1 convolution with BatchNorm (the usual PyTorch variant; the paper's option B).
/// </summary>
internal sealed class CifarResNet : Backbone
{
    private static readonly int[] Widths = [16, 32, 64];

    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly int[] stageChannels;

    /// <exception cref="ArgumentException">No such network has that depth.</exception>
    public CifarResNet(int depth, bool bottleneck, int inputChannels, LayerFactory layers)
        : base(nameof(CifarResNet))
    {
        int blocks = CifarDepth.Blocks("CIFAR ResNet", depth, bottleneck);
        int expansion = bottleneck ? BottleneckBranch.Expansion : 1;
        stageChannels = [.. Widths.Select(width => width * expansion)];
        (conv1, bn1) = layers.ConvNorm(inputChannels, Widths[0], kernel: 3);
        layer1 = ResidualStage.Of(blocks, new BlockShape(Widths[0], Widths[0], 1), expansion, Block);
        layer2 = ResidualStage.Of(blocks, new BlockShape(stageChannels[0], Widths[1], 2), expansion, Block);
        layer3 = ResidualStage.Of(blocks, new BlockShape(stageChannels[1], Widths[2], 2), expansion, Block);
        RegisterComponents();

        nn.Module<Tensor, Tensor> Block(BlockShape shape) => bottleneck ? ResNetFamily.Bottleneck(shape, Cardinality.One, layers) : ResNetFamily.Basic(shape, layers);
    }

    public override IReadOnlyList<int> StageChannels => stageChannels;

    protected internal override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => [[conv1, bn1], [layer1], [layer2], [layer3]];

    public override Tensor Stem(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        return bn1.call(conv1.call(images)).relu_().MoveToOuterDisposeScope();
    }

    public override Tensor Stage(int index, Tensor input) => index switch
    {
        0 => layer1.call(input),
        1 => layer2.call(input),
        2 => layer3.call(input),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };
}

/// <summary>Depths of the three-stage networks for small images: so many blocks a stage, of two or three layers each, and two layers around them.</summary>
internal static class CifarDepth
{
    /// <summary>Blocks a stage.</summary>
    /// <exception cref="ArgumentException">No such network has that depth.</exception>
    public static int Blocks(string family, int depth, bool bottleneck)
    {
        int perBlock = bottleneck ? 9 : 6;
        return depth >= perBlock + 2 && (depth - 2) % perBlock == 0
            ? (depth - 2) / perBlock
            : throw new ArgumentException($"A {family} with {(bottleneck ? "bottleneck" : "basic")} blocks has {perBlock}n + 2 layers; {depth} is not of that form.");
    }
}

/// <summary>
/// The residual networks for small images with BatchNorm and ReLU before the convolutions: a 3x3 stem of 16 channels, three stages at strides 1, 2 and 4, BatchNorm and ReLU behind
/// the last. With widths of 16, 32 and 64, basic or bottleneck blocks: He et al. 2016, "Identity Mappings in Deep Residual Networks" (section 5). Some times as wide, with basic
/// blocks: WRN, Zagoruyko and Komodakis 2016, "Wide Residual Networks" (table 1).
/// </summary>
internal sealed class PreActivationResNet : Backbone
{
    private const int StemWidth = 16;

    private readonly Conv2d conv1;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly BatchNormLayer bn;
    private readonly int[] stageChannels;

    private PreActivationResNet(int blocks, int widening, int expansion, int inputChannels, Func<BlockShape, nn.Module<Tensor, Tensor>> block)
        : base(nameof(PreActivationResNet))
    {
        int[] planes = [16 * widening, 32 * widening, 64 * widening];
        stageChannels = [.. planes.Select(width => width * expansion)];
        conv1 = nn.Conv2d(inputChannels, StemWidth, 3, padding: 1, bias: false);
        layer1 = ResidualStage.Of(blocks, new BlockShape(StemWidth, planes[0], 1), expansion, block);
        layer2 = ResidualStage.Of(blocks, new BlockShape(stageChannels[0], planes[1], 2), expansion, block);
        layer3 = ResidualStage.Of(blocks, new BlockShape(stageChannels[1], planes[2], 2), expansion, block);
        bn = new BatchNormLayer(stageChannels[2]);
        RegisterComponents();
    }

    public override IReadOnlyList<int> StageChannels => stageChannels;

    /// <summary>6n + 2 layers with basic blocks, 9n + 2 with bottleneck blocks.</summary>
    /// <exception cref="ArgumentException">No such network has that depth.</exception>
    public static PreActivationResNet Narrow(int depth, bool bottleneck, int inputChannels, LayerFactory layers)
    {
        int blocks = CifarDepth.Blocks("pre-activated CIFAR ResNet", depth, bottleneck);
        return bottleneck
            ? new PreActivationResNet(blocks, 1, BottleneckBranch.Expansion, inputChannels, shape => new PreActivationBottleneck(shape, layers))
            : new PreActivationResNet(blocks, 1, 1, inputChannels, shape => new PreActivationBlock(shape, 0, layers));
    }

    /// <summary>WRN-depth-widening, of 6n + 4 layers.</summary>
    /// <exception cref="ArgumentException">No such network has that depth, or a factor below 1.</exception>
    public static PreActivationResNet Wide(int depth, int widening, double dropout, int inputChannels, LayerFactory layers) =>
        depth >= 10 && (depth - 4) % 6 == 0 && widening >= 1 && dropout < 1
            ? new PreActivationResNet((depth - 4) / 6, widening, 1, inputChannels, shape => new PreActivationBlock(shape, dropout, layers))
            : throw new ArgumentException($"A WRN has 6n + 4 layers, a widening factor of at least 1 and a dropout below 1, not {depth}, {widening} and {dropout}.");

    protected internal override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => [[conv1], [layer1], [layer2], [layer3, bn]];

    public override Tensor Stem(Tensor images) => conv1.call(images);

    public override Tensor Stage(int index, Tensor input)
    {
        switch (index)
        {
            case 0:
                return layer1.call(input);
            case 1:
                return layer2.call(input);
            case 2:
                using (DisposeScope scope = NewDisposeScope())
                {
                    return bn.call(layer3.call(input)).relu_().MoveToOuterDisposeScope();
                }

            default:
                throw new ArgumentOutOfRangeException(nameof(index));
        }
    }
}

/// <summary>
/// BatchNorm and ReLU before each of two 3x3 convolutions, and a skip that nothing follows (He et al. 2016, "Identity Mappings in Deep Residual Networks", figure 4e), with
/// dropout between the convolutions (Zagoruyko and Komodakis 2016, figure 1d). Where the shape changes, the skip is a 1x1 convolution of the activated input.
/// </summary>
internal sealed class PreActivationBlock : nn.Module<Tensor, Tensor>
{
    private readonly BatchNormLayer bn1;
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly StreamDropout dropout;
    private readonly Conv2d conv2;
    private readonly Conv2d? downsample;

    public PreActivationBlock(BlockShape shape, double dropout, LayerFactory layers)
        : base(nameof(PreActivationBlock))
    {
        bn1 = new BatchNormLayer(shape.Input);
        (conv1, bn2) = layers.ConvNorm(shape.Input, shape.Planes, kernel: 3, shape.Stride);
        this.dropout = new StreamDropout(dropout);
        conv2 = nn.Conv2d(shape.Planes, shape.Planes, 3, padding: 1, bias: false);
        downsample = shape.Stride == 1 && shape.Input == shape.Planes ? null : nn.Conv2d(shape.Input, shape.Planes, 1, shape.Stride, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor active = bn1.call(input).relu_();
        Tensor inner = dropout.call(bn2.call(conv1.call(active)).relu_());
        return conv2.call(inner).Add_(downsample?.call(active) ?? input).MoveToOuterDisposeScope();
    }
}

/// <summary>
/// BatchNorm and ReLU before each of three convolutions, 1x1, 3x3 and 1x1, and a skip that nothing follows (He et al. 2016, "Identity Mappings in Deep Residual Networks").
/// Where the shape changes, the skip is a 1x1 convolution of the activated input.
/// </summary>
internal sealed class PreActivationBottleneck : nn.Module<Tensor, Tensor>
{
    private readonly BatchNormLayer bn1;
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn3;
    private readonly Conv2d conv3;
    private readonly Conv2d? downsample;

    public PreActivationBottleneck(BlockShape shape, LayerFactory layers)
        : base(nameof(PreActivationBottleneck))
    {
        int output = shape.Planes * BottleneckBranch.Expansion;
        bn1 = new BatchNormLayer(shape.Input);
        (conv1, bn2) = layers.ConvNorm(shape.Input, shape.Planes, kernel: 1);
        (conv2, bn3) = layers.ConvNorm(shape.Planes, shape.Planes, kernel: 3, shape.Stride);
        conv3 = nn.Conv2d(shape.Planes, output, 1, bias: false);
        downsample = shape.Stride == 1 && shape.Input == output ? null : nn.Conv2d(shape.Input, output, 1, shape.Stride, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor active = bn1.call(input).relu_();
        Tensor inner = bn2.call(conv1.call(active)).relu_();
        inner = bn3.call(conv2.call(inner)).relu_();
        return conv3.call(inner).Add_(downsample?.call(active) ?? input).MoveToOuterDisposeScope();
    }
}
