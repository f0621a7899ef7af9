using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

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
