using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// DenseNet (Huang et al. 2017, "Densely Connected Convolutional Networks"): dense blocks, in which each layer gets the outputs of all layers before it, and
/// transitions that halve the size. Names as in torchvision. A stage is a transition (except in the first stage) and a block; the last stage ends with
/// BatchNorm and ReLU.
/// </summary>
internal sealed class DenseNet : LayeredBackbone
{
    private readonly Sequential features;

    public DenseNet(DenseNetShape shape, int inputChannels, LayerFactory layers)
        : base(nameof(DenseNet))
    {
        AddStem(shape, inputChannels, layers);
        int channels = shape.StemChannels;
        for (int stage = 0; stage < shape.Blocks.Length; stage++)
        {
            int kept = stage == 0 ? channels : (int)(channels * shape.Compression),
                output = kept + shape.Blocks[stage] * shape.Growth;
            BeginStage();
            if (stage > 0)
            {
                Layers.Add($"transition{stage}", Transition(channels, kept));
            }

            Layers.Add($"denseblock{stage + 1}", Block(shape, shape.Blocks[stage], kept, layers));
            EndStage(output);
            channels = output;
        }

        // torchvision's name, whatever the number of blocks.
        Layers.Add("norm5", new BatchNormLayer(channels));
        Layers.Add("relu5", nn.ReLU(inplace: true));
        features = Layers.ToModule();
        RegisterComponents();
    }

    protected internal override string ClassifierName => "classifier";

    // timm's names are torchvision's. The files that torchvision downloads have those of an older version: denselayer1.norm.1 instead of denselayer1.norm1.
    protected internal override string MapWeightName(string name) => Regex.Replace(name, @"(\.denselayer\d+\.(?:norm|conv))\.([12])\.", "$1$2.");

    private void AddStem(DenseNetShape shape, int inputChannels, LayerFactory layers)
    {
        if (shape.Stem == DenseNetStem.Bare)
        {
            Layers.Add("conv0", WeightLayers.Conv2d(inputChannels, shape.StemChannels, 3, padding: 1, bias: false));
            return;
        }

        bool large = shape.Stem == DenseNetStem.Large;
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(
            inputChannels,
            shape.StemChannels,
            kernel: large ? 7 : 3,
            stride: large ? 2 : 1
        );
        Layers.Add("conv0", convolution);
        Layers.Add("norm0", norm);
        Layers.Add("relu0", nn.ReLU(inplace: true));
        if (large)
        {
            Layers.Add("pool0", nn.MaxPool2d(3, 2, 1));
        }
    }

    private static Sequential Transition(int input, int output) =>
        nn.Sequential(
            ("norm", new BatchNormLayer(input)),
            ("relu", nn.ReLU(inplace: true)),
            ("conv", WeightLayers.Conv2d(input, output, 1, bias: false)),
            ("pool", nn.AvgPool2d(2, 2))
        );

    private static Sequential Block(DenseNetShape shape, int count, int input, LayerFactory layers) =>
        nn.Sequential([
            .. Enumerable
                .Range(0, count)
                .Select(i =>
                    ($"denselayer{i + 1}", (nn.Module<Tensor, Tensor>)new DenseLayer(input + i * shape.Growth, shape.Growth, shape.Bottleneck, layers))
                ),
        ]);
}

/// <summary>
/// BatchNorm, ReLU and a 3x3 convolution, optionally after a bottleneck: a 1x1 convolution with four times the growth rate as channels. The output is
/// concatenated to the input (Huang et al. 2017, equation 2 and section 3).
/// </summary>
internal sealed class DenseLayer : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private const int BottleneckWidth = 4;

    private readonly BatchNormLayer norm1;
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor>? norm2;
    private readonly Conv2d? conv2;

    public DenseLayer(int input, int growth, bool bottleneck, LayerFactory layers)
        : base(nameof(DenseLayer))
    {
        norm1 = new BatchNormLayer(input);
        if (bottleneck)
        {
            (conv1, norm2) = layers.ConvNorm(input, BottleneckWidth * growth, kernel: 1);
            conv2 = WeightLayers.Conv2d(BottleneckWidth * growth, growth, 3, padding: 1, bias: false);
        }
        else
        {
            conv1 = WeightLayers.Conv2d(input, growth, 3, padding: 1, bias: false);
        }

        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor added = conv1.call(norm1.call(input).relu_());
        if (conv2 is not null)
        {
            added = conv2.call(norm2!.call(added).relu_());
        }

        return cat([input, added], 1).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue added = graph.Apply(graph.Relu(graph.Apply(input, norm1)), conv1);
        if (conv2 is not null)
        {
            added = graph.Apply(graph.Relu(graph.Apply(added, norm2!)), conv2);
        }

        return graph.Concat(1, input, added);
    }
}

/// <summary>The configuration of a DenseNet (Huang et al. 2017, table 1 and section 3).</summary>
/// <param name="Growth">The growth rate: channels that each layer adds.</param>
/// <param name="Blocks">The number of layers of each block.</param>
/// <param name="Bottleneck">Whether each layer has a 1x1 convolution before the 3x3 convolution.</param>
/// <param name="Compression">The fraction of channels that a transition keeps.</param>
/// <param name="StemChannels">The output channels of the first convolution.</param>
/// <param name="Stem">The kind of stem.</param>
internal sealed record DenseNetShape(int Growth, int[] Blocks, bool Bottleneck, double Compression, int StemChannels, DenseNetStem Stem)
{
    /// <summary>For large images: table 1.</summary>
    public static DenseNetShape Of121(bool small) => new(32, [6, 12, 24, 16], true, 0.5, 64, small ? DenseNetStem.Small : DenseNetStem.Large);

    /// <summary>For small images, with three blocks: DenseNet (k) or, with bottlenecks and compression, DenseNet-BC (k).</summary>
    /// <exception cref="ArgumentException">The depth or the growth rate is not valid.</exception>
    public static DenseNetShape OfDepth(int depth, int growth, bool bottleneck)
    {
        int perBlock = bottleneck ? 6 : 3;
        int layers = (depth - 4) / perBlock;
        return layers >= 1 && (depth - 4) % perBlock == 0 && growth >= 1
            ? new DenseNetShape(growth, [layers, layers, layers], bottleneck, bottleneck ? 0.5 : 1, bottleneck ? 2 * growth : 16, DenseNetStem.Bare)
            : throw new ArgumentException(
                $"Invalid DenseNet with depth {depth} and growth rate {growth}: {(bottleneck ? "with" : "without")} bottlenecks "
                    + $"the depth is {perBlock}n + 4, and the growth rate at least 1."
            );
    }
}

/// <summary>The layers before the dense blocks.</summary>
internal enum DenseNetStem
{
    /// <summary>7x7 at stride 2, BatchNorm, ReLU, max pooling.</summary>
    Large,

    /// <summary>3x3 at stride 1, BatchNorm, ReLU.</summary>
    Small,

    /// <summary>3x3 at stride 1 without BatchNorm and ReLU, as in the CIFAR networks of the paper.</summary>
    Bare,
}
