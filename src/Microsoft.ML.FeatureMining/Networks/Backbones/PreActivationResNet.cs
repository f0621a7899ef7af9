using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

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
