using System.Globalization;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// EfficientNet (Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", table 1) with torchvision's names and settings.
/// Five stages at strides 2, 4, 8, 16 and 32 (half of these with the stem for small images). The 1x1 convolution before pooling belongs to the last stage.
/// </summary>
internal sealed class EfficientNet : LayeredBackbone
{
    private const double StochasticDepth = 0.2;

    // Table 1: expansion, kernel, stride, channels, blocks.
    private static readonly (int Expansion, int Kernel, int Stride, int Channels, int Blocks)[] Plan =
    [
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ];

    private readonly Sequential features;
    private readonly double _dropout;

    public EfficientNet(EfficientNetScale scale, bool small, int inputChannels, LayerFactory layers)
        : base(nameof(EfficientNet))
    {
        _dropout = scale.Dropout;
        int total = Plan.Sum(row => scale.Blocks(row.Blocks));
        int made = 0;
        int input = scale.Channels(32);
        Layers.Add(ConvNormActivation.Of(layers.ConvNorm(inputChannels, input, kernel: 3, small ? 1 : 2, norm: scale.Norm), nn.SiLU()));
        BeginStage();
        foreach ((int expansion, int kernel, int stride, int channels, int blocks) in Plan)
        {
            if (stride == 2)
            {
                EndStage(input);
                BeginStage();
            }

            int output = scale.Channels(channels);
            Layers.Add(
                nn.Sequential(
                    Enumerable
                        .Range(0, scale.Blocks(blocks))
                        .Select(i =>
                            (nn.Module<Tensor, Tensor>)
                                new InvertedBottleneckBlock(
                                    new InvertedBottleneckShape(expansion, kernel, i == 0 ? stride : 1, i == 0 ? input : output, output),
                                    scale.Norm,
                                    StochasticDepth * made++ / total,
                                    layers
                                )
                        )
                        .ToArray()
                )
            );
            input = output;
        }

        Layers.Add(ConvNormActivation.Of(layers.ConvNorm(input, 4 * input, kernel: 1, norm: scale.Norm), nn.SiLU()));
        EndStage(4 * input);
        features = Layers.ToModule();
        RegisterComponents();
    }

    protected internal override string ClassifierName => "classifier.1";

    // From timm's names. The first stage has no expansion, so its layers have other numbers.
    protected internal override string MapWeightName(string name) =>
        name.Split('.') switch
        {
            ["conv_stem", var tensor] => $"features.0.0.{tensor}",
            ["bn1", var tensor] => $"features.0.1.{tensor}",
            ["conv_head", var tensor] => $"features.{Plan.Length + 1}.0.{tensor}",
            ["bn2", var tensor] => $"features.{Plan.Length + 1}.1.{tensor}",
            ["classifier", var tensor] => $"classifier.1.{tensor}",
            ["blocks", "0", var block, .. var layer] => $"features.1.{block}.block.{DepthwiseLayer(layer)}",
            ["blocks", var stage, var block, .. var layer] when int.TryParse(stage, CultureInfo.InvariantCulture, out int number) =>
                $"features.{number + 1}.{block}.block.{ExpandedLayer(layer)}",
            _ => name,
        };

    protected internal override double ClassifierDropout => _dropout;

    private static string DepthwiseLayer(string[] layer) =>
        layer switch
        {
            ["conv_dw", var tensor] => $"0.0.{tensor}",
            ["bn1", var tensor] => $"0.1.{tensor}",
            ["se", var part, var tensor] => $"1.{Excitation(part)}.{tensor}",
            ["conv_pw", var tensor] => $"2.0.{tensor}",
            ["bn2", var tensor] => $"2.1.{tensor}",
            _ => string.Join('.', layer),
        };

    private static string ExpandedLayer(string[] layer) =>
        layer switch
        {
            ["conv_pw", var tensor] => $"0.0.{tensor}",
            ["bn1", var tensor] => $"0.1.{tensor}",
            ["conv_dw", var tensor] => $"1.0.{tensor}",
            ["bn2", var tensor] => $"1.1.{tensor}",
            ["se", var part, var tensor] => $"2.{Excitation(part)}.{tensor}",
            ["conv_pwl", var tensor] => $"3.0.{tensor}",
            ["bn3", var tensor] => $"3.1.{tensor}",
            _ => string.Join('.', layer),
        };

    private static string Excitation(string part) =>
        part == "conv_reduce" ? "fc1"
        : part == "conv_expand" ? "fc2"
        : part;
}

/// <summary>The width and depth multipliers of an EfficientNet (Tan and Le 2019, equation 3), with torchvision's dropout and BatchNorm settings.</summary>
internal sealed record EfficientNetScale(double Width, double Depth, double Dropout, NormSettings Norm)
{
    private static readonly NormSettings Large = new(1e-3, 0.01);

    public int Blocks(int count) => (int)Math.Ceiling(count * Depth);

    /// <summary>The scaled number of channels, rounded to a multiple of 8, but not down by more than 10 %.</summary>
    public int Channels(int count)
    {
        double exact = count * Width;
        int rounded = Math.Max(8, (int)(exact + 4) / 8 * 8);
        return rounded < 0.9 * exact ? rounded + 8 : rounded;
    }

    public static EfficientNetScale Of(string name) =>
        name switch
        {
            "b0" => new EfficientNetScale(1.0, 1.0, 0.2, NormSettings.Default),
            "b1" => new EfficientNetScale(1.0, 1.1, 0.2, NormSettings.Default),
            "b2" => new EfficientNetScale(1.1, 1.2, 0.3, NormSettings.Default),
            "b3" => new EfficientNetScale(1.2, 1.4, 0.3, NormSettings.Default),
            "b4" => new EfficientNetScale(1.4, 1.8, 0.4, NormSettings.Default),
            "b5" => new EfficientNetScale(1.6, 2.2, 0.4, Large),
            "b6" => new EfficientNetScale(1.8, 2.6, 0.5, Large),
            "b7" => new EfficientNetScale(2.0, 3.1, 0.5, Large),
            _ => throw new ArgumentException($"Unknown EfficientNet '{name}'; use b0 to b7."),
        };
}

/// <summary>
/// The block of EfficientNet, MBConv (Tan and Le 2019; Sandler et al. 2018): 1x1 expansion, depthwise convolution, squeeze-and-excitation, 1x1 projection, and
/// a skip connection if the shape does not change. Names as in torchvision.
/// </summary>
internal sealed class InvertedBottleneckBlock : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly Sequential block;
    private readonly StochasticDepth stochastic_depth;
    private readonly bool _skips;

    public InvertedBottleneckBlock(InvertedBottleneckShape shape, NormSettings norm, double dropProbability, LayerFactory layers)
        : base(nameof(InvertedBottleneckBlock))
    {
        int width = shape.Input * shape.Expansion;
        List<nn.Module<Tensor, Tensor>> parts = [];
        if (shape.Expansion > 1)
        {
            parts.Add(ConvNormActivation.Of(layers.ConvNorm(shape.Input, width, kernel: 1, norm: norm), nn.SiLU()));
        }

        parts.Add(ConvNormActivation.Of(layers.ConvNorm(width, width, shape.Kernel, shape.Stride, groups: width, norm: norm), nn.SiLU()));
        parts.Add(new SqueezeExcitation(width, Math.Max(1, shape.Input / 4)));
        parts.Add(ConvNormActivation.Of(layers.ConvNorm(width, shape.Output, kernel: 1, norm: norm)));
        block = nn.Sequential(parts);
        stochastic_depth = new StochasticDepth(dropProbability);
        _skips = shape.Stride == 1 && shape.Input == shape.Output;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        if (!_skips)
        {
            return block.call(input);
        }

        using DisposeScope scope = NewDisposeScope();
        return stochastic_depth.call(block.call(input)).Add_(input).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue output = graph.Apply(input, block);
        return _skips ? graph.Add(output, input) : output;
    }
}

/// <summary>The configuration of an <see cref="InvertedBottleneckBlock"/>.</summary>
internal readonly record struct InvertedBottleneckShape(int Expansion, int Kernel, int Stride, int Input, int Output);

/// <summary>
/// Squeeze-and-excitation: channel attention from globally pooled features (Hu et al. 2018), with SiLU as the inner activation. Names as in torchvision.
/// </summary>
internal sealed class SqueezeExcitation : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly Conv2d fc1;
    private readonly Conv2d fc2;

    public SqueezeExcitation(int channels, int squeezed)
        : base(nameof(SqueezeExcitation))
    {
        fc1 = WeightLayers.Conv2d(channels, squeezed, 1);
        fc2 = WeightLayers.Conv2d(squeezed, channels, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor summary = input.mean(new long[] { 2, 3 }, keepdim: true); // [N,C,1,1]
        Tensor weights = fc2.call(fc1.call(summary).silu()).sigmoid();
        return (input * weights).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue squeezed = graph.Apply(graph.GlobalAveragePool(input), fc1);
        OnnxValue weights = graph.Apply(graph.Mul(squeezed, graph.Sigmoid(squeezed)), fc2);
        return graph.Mul(input, graph.Sigmoid(weights));
    }
}
