using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// DenseNet (Huang et al. 2017, "Densely Connected Convolutional Networks"): blocks of layers that each see all before them, and transitions that halve the size; under
/// torchvision's names. A stage is the transition before it (the first has none) and a block; BatchNorm and ReLU close the last.
/// </summary>
internal sealed class DenseNet : Backbone
{
    private readonly Sequential features;
    private readonly FeatureSequence _parts = new();
    private readonly int[] _stageChannels;

    public DenseNet(DenseNetShape shape, int inputChannels, LayerFactory layers)
        : base(nameof(DenseNet))
    {
        _stageChannels = new int[shape.Blocks.Length];
        AddStem(shape, inputChannels, layers);
        int channels = shape.StemChannels;
        for (int stage = 0; stage < shape.Blocks.Length; stage++)
        {
            _parts.EndPart();
            if (stage > 0)
            {
                int kept = (int)(channels * shape.Compression);
                _parts.Add($"transition{stage}", Transition(channels, kept));
                channels = kept;
            }

            _parts.Add($"denseblock{stage + 1}", Block(shape, shape.Blocks[stage], channels, layers));
            channels += shape.Blocks[stage] * shape.Growth;
            _stageChannels[stage] = channels;
        }

        // torchvision's name, however many blocks there are.
        _parts.Add("norm5", new BatchNormLayer(channels));
        _parts.Add("relu5", nn.ReLU(inplace: true));
        features = _parts.ToModule();
        RegisterComponents();
    }

    public override IReadOnlyList<int> StageChannels => _stageChannels;

    protected internal override string ClassifierName => "classifier";

    protected internal override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => _parts.Parts;

    public override Tensor Stem(Tensor images) => _parts.Run(0, images);

    public override Tensor Stage(int index, Tensor input)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _stageChannels.Length);
        return _parts.Run(index + 1, input);
    }

    private void AddStem(DenseNetShape shape, int inputChannels, LayerFactory layers)
    {
        if (shape.Stem == DenseNetStem.Bare)
        {
            _parts.Add("conv0", nn.Conv2d(inputChannels, shape.StemChannels, 3, padding: 1, bias: false));
            return;
        }

        bool large = shape.Stem == DenseNetStem.Large;
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, shape.StemChannels, kernel: large ? 7 : 3, stride: large ? 2 : 1);
        _parts.Add("conv0", convolution);
        _parts.Add("norm0", norm);
        _parts.Add("relu0", nn.ReLU(inplace: true));
        if (large)
        {
            _parts.Add("pool0", nn.MaxPool2d(3, 2, 1));
        }
    }

    private static Sequential Transition(int input, int output) => nn.Sequential(
        ("norm", new BatchNormLayer(input)), ("relu", nn.ReLU(inplace: true)), ("conv", nn.Conv2d(input, output, 1, bias: false)), ("pool", nn.AvgPool2d(2, 2)));

    private static Sequential Block(DenseNetShape shape, int count, int input, LayerFactory layers) => nn.Sequential([.. Enumerable.Range(0, count).Select(
        i => ($"denselayer{i + 1}", (nn.Module<Tensor, Tensor>)new DenseLayer(input + i * shape.Growth, shape.Growth, shape.Bottleneck, layers)))]);
}
