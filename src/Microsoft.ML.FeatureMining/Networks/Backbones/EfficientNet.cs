using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// EfficientNet (Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", table 1) with torchvision's names and settings. Five stages, at strides 2, 4,
/// 8, 16 and 32 (half of it with the stem for small images); the 1x1 convolution before pooling belongs to the last.
/// </summary>
internal sealed class EfficientNet : Backbone
{
    private const double StochasticDepth = 0.2;

    // Table 1: expansion, kernel, stride, channels, blocks.
    private static readonly (int Expansion, int Kernel, int Stride, int Channels, int Blocks)[] Plan =
        [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3), (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)];

    private readonly Sequential features;
    private readonly FeatureSequence _parts = new();
    private readonly List<int> _stageChannels = [];
    private readonly double _dropout;

    public EfficientNet(EfficientNetScale scale, bool small, int inputChannels, LayerFactory layers)
        : base(nameof(EfficientNet))
    {
        _dropout = scale.Dropout;
        int total = Plan.Sum(row => scale.Blocks(row.Blocks));
        int made = 0;
        int input = scale.Channels(32);
        _parts.Add(ConvNormActivation.Of(layers.ConvNorm(inputChannels, input, kernel: 3, small ? 1 : 2, norm: scale.Norm), nn.SiLU()));
        _parts.EndPart();
        foreach ((int expansion, int kernel, int stride, int channels, int blocks) in Plan)
        {
            if (stride == 2)
            {
                _stageChannels.Add(input);
                _parts.EndPart();
            }

            int output = scale.Channels(channels);
            _parts.Add(nn.Sequential(Enumerable.Range(0, scale.Blocks(blocks)).Select(i => (nn.Module<Tensor, Tensor>)new InvertedBottleneckBlock(
                new InvertedBottleneckShape(expansion, kernel, i == 0 ? stride : 1, i == 0 ? input : output, output), scale.Norm, StochasticDepth * made++ / total, layers)).ToArray()));
            input = output;
        }

        _stageChannels.Add(4 * input);
        _parts.Add(ConvNormActivation.Of(layers.ConvNorm(input, 4 * input, kernel: 1, norm: scale.Norm), nn.SiLU()));
        features = _parts.ToModule();
        RegisterComponents();
    }

    public override IReadOnlyList<int> StageChannels => _stageChannels;

    protected internal override string ClassifierName => "classifier.1";

    protected internal override double ClassifierDropout => _dropout;

    protected internal override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => _parts.Parts;

    public override Tensor Stem(Tensor images) => _parts.Run(0, images);

    public override Tensor Stage(int index, Tensor input)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _stageChannels.Count);
        return _parts.Run(index + 1, input);
    }
}
