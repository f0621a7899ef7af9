using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

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
