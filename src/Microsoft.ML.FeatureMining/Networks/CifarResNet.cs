using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>The residual networks for small images: a 3x3 stem of 16 channels and three stages at strides 1, 2 and 4.</summary>
internal static class CifarResNet
{
    private const int StemWidth = 16;

    /// <summary>
    /// He et al. 2016, "Deep Residual Learning for Image Recognition" (section 4.2): stages of 16, 32 and 64 channels, four times as many with bottleneck
    /// blocks. The depth is 6n + 2 with basic blocks of two convolutions, 9n + 2 with bottleneck blocks of three. Where the shape changes, the skip is a 1x1
    /// convolution with BatchNorm (the usual PyTorch variant; the paper's option B).
    /// </summary>
    /// <exception cref="ArgumentException">The depth is not valid for this family.</exception>
    public static Backbone Plain(int depth, bool bottleneck, int inputChannels, LayerFactory layers) =>
        Network(
            ResNetStem.Small(inputChannels, layers, StemWidth),
            CifarDepth.Blocks("CIFAR ResNet", depth, bottleneck),
            1,
            bottleneck,
            shape => bottleneck ? ResNetFamily.Bottleneck(shape, Cardinality.One, layers) : ResNetFamily.Basic(shape, layers)
        );

    /// <summary>
    /// The same with BatchNorm and ReLU before the convolutions, and after the last stage: He et al. 2016, "Identity Mappings in Deep Residual Networks"
    /// (section 5). The depth is 6n + 2 or, with bottleneck blocks, 9n + 2.
    /// </summary>
    /// <exception cref="ArgumentException">The depth is not valid for this family.</exception>
    public static Backbone PreActivation(int depth, bool bottleneck, int inputChannels, LayerFactory layers) =>
        PreActivation(
            CifarDepth.Blocks("pre-activated CIFAR ResNet", depth, bottleneck),
            1,
            bottleneck,
            inputChannels,
            shape => bottleneck ? new PreActivationBottleneck(shape, layers) : new PreActivationBlock(shape, 0, layers)
        );

    /// <summary>
    /// WRN-depth-widening (Zagoruyko and Komodakis 2016, "Wide Residual Networks", table 1): pre-activated basic blocks, wider by a factor. The depth is 6n +
    /// 4.
    /// </summary>
    /// <exception cref="ArgumentException">The depth, the widening factor or the dropout is not valid.</exception>
    public static Backbone Wide(int depth, int widening, double dropout, int inputChannels, LayerFactory layers) =>
        depth >= 10 && (depth - 4) % 6 == 0 && widening >= 1 && dropout < 1
            ? PreActivation((depth - 4) / 6, widening, false, inputChannels, shape => new PreActivationBlock(shape, dropout, layers))
            : throw new ArgumentException(
                $"Invalid WRN with depth {depth}, widening factor {widening} and dropout {dropout}: the depth is 6n + 4, the widening factor at least 1, "
                    + "the dropout below 1."
            );

    private static ResidualNetwork PreActivation(
        int blocks,
        int widening,
        bool bottleneck,
        int inputChannels,
        Func<BlockShape, nn.Module<Tensor, Tensor>> block
    )
    {
        ResNetStem stem = new(StemWidth, ("conv1", WeightLayers.Conv2d(inputChannels, StemWidth, 3, padding: 1, bias: false)));
        return Network(stem, blocks, widening, bottleneck, block, lastNorm: "bn");
    }

    private static ResidualNetwork Network(
        ResNetStem stem,
        int blocks,
        int widening,
        bool bottleneck,
        Func<BlockShape, nn.Module<Tensor, Tensor>> block,
        string? lastNorm = null
    )
    {
        int[] planes = [16 * widening, 32 * widening, 64 * widening];
        int expansion = bottleneck ? BottleneckBranch.Expansion : 1;
        IReadOnlyList<Sequential> stages = ResidualStage.All(StemWidth, planes, [blocks, blocks, blocks], expansion, block);
        return new ResidualNetwork(stem, stages, [.. planes.Select(width => width * expansion)], lastNorm);
    }
}

/// <summary>The depth of the three-stage networks for small images: blocks of two or three layers, and two more layers.</summary>
internal static class CifarDepth
{
    /// <summary>The number of blocks per stage.</summary>
    /// <exception cref="ArgumentException">The depth is not valid for this family.</exception>
    public static int Blocks(string family, int depth, bool bottleneck)
    {
        int perBlock = bottleneck ? 9 : 6;
        return depth >= perBlock + 2 && (depth - 2) % perBlock == 0
            ? (depth - 2) / perBlock
            : throw new ArgumentException(
                $"Invalid depth {depth}: a {family} with {(bottleneck ? "bottleneck" : "basic")} blocks has {perBlock}n + 2 "
                    + $"layers, e.g. {(3 * perBlock) + 2}."
            );
    }
}

/// <summary>
/// BatchNorm and ReLU before each of two 3x3 convolutions, and a skip that nothing follows (He et al. 2016, "Identity Mappings in Deep Residual Networks",
/// figure 4e), with dropout between the convolutions (Zagoruyko and Komodakis 2016, figure 1d). Where the shape changes, the skip is a 1x1 convolution of the
/// activated input.
/// </summary>
internal sealed class PreActivationBlock : nn.Module<Tensor, Tensor>, IOnnxModule
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
        conv2 = WeightLayers.Conv2d(shape.Planes, shape.Planes, 3, padding: 1, bias: false);
        downsample = shape.Stride == 1 && shape.Input == shape.Planes ? null : WeightLayers.Conv2d(shape.Input, shape.Planes, 1, shape.Stride, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor active = bn1.call(input).relu_();
        Tensor inner = dropout.call(bn2.call(conv1.call(active)).relu_());
        return conv2.call(inner).Add_(downsample?.call(active) ?? input).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue active = graph.Relu(graph.Apply(input, bn1));
        OnnxValue inner = graph.Relu(graph.Apply(active, conv1, bn2));
        return graph.Add(graph.Apply(inner, conv2), downsample is null ? input : graph.Apply(active, downsample));
    }
}

/// <summary>
/// BatchNorm and ReLU before each of three convolutions, 1x1, 3x3 and 1x1, and a skip that nothing follows (He et al. 2016, "Identity Mappings in Deep Residual
/// Networks"). Where the shape changes, the skip is a 1x1 convolution of the activated input.
/// </summary>
internal sealed class PreActivationBottleneck : nn.Module<Tensor, Tensor>, IOnnxModule
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
        conv3 = WeightLayers.Conv2d(shape.Planes, output, 1, bias: false);
        downsample = shape.Stride == 1 && shape.Input == output ? null : WeightLayers.Conv2d(shape.Input, output, 1, shape.Stride, bias: false);
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

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue active = graph.Relu(graph.Apply(input, bn1));
        OnnxValue inner = graph.Relu(graph.Apply(active, conv1, bn2));
        inner = graph.Relu(graph.Apply(inner, conv2, bn3));
        return graph.Add(graph.Apply(inner, conv3), downsample is null ? input : graph.Apply(active, downsample));
    }
}
