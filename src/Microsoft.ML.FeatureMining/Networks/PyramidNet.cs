using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// PyramidNet for small images (Han et al. 2017, "Deep Pyramidal Residual Networks", table 1 and equation 3): starting with 16 channels, each block adds the
/// same number of planes, up to 16 + alpha, in three stages at strides 1, 2 and 4; BatchNorm and ReLU after the last.
/// </summary>
internal static class PyramidNet
{
    private const int StemWidth = 16;
    private const int Stages = 3;

    /// <exception cref="ArgumentException">The depth is not valid for this family.</exception>
    public static Backbone Of(int depth, int alpha, bool bottleneck, int inputChannels, LayerFactory layers)
    {
        int blocks = CifarDepth.Blocks("PyramidNet", depth, bottleneck);
        int expansion = bottleneck ? BottleneckBranch.Expansion : 1;
        (nn.Module<Tensor, Tensor> convolution, nn.Module<Tensor, Tensor> norm) = layers.ConvNorm(inputChannels, StemWidth, kernel: 3);
        ResNetStem stem = new(StemWidth, ("conv1", convolution), ("bn1", norm));
        Sequential[] stages = [.. Enumerable.Range(0, Stages).Select(stage => nn.Sequential(Enumerable.Range(stage * blocks, blocks).Select(Block).ToArray()))];
        return new ResidualNetwork(stem, stages, [.. Enumerable.Range(1, Stages).Select(stage => Planes(stage * blocks) * expansion)], lastNorm: "bn_final");

        // The number of planes after this number of blocks.
        int Planes(int count) => (int)Math.Round(StemWidth + (double)alpha * count / (Stages * blocks), MidpointRounding.ToEven);

        nn.Module<Tensor, Tensor> Block(int i) =>
            new PyramidBlock(new BlockShape(i == 0 ? StemWidth : Planes(i) * expansion, Planes(i + 1), i > 0 && i % blocks == 0 ? 2 : 1), bottleneck, layers);
    }
}

/// <summary>
/// The block of PyramidNet (Han et al. 2017, figure 6d): BatchNorm first and last, no ReLU before the first convolution. The skip is the input, average-pooled
/// if the size halves and zero-padded if the number of channels grows. Two 3x3 convolutions, or 1x1, 3x3 and 1x1.
/// </summary>
internal sealed class PyramidBlock : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly BatchNormLayer bn1;
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn3;
    private readonly nn.Module<Tensor, Tensor>? conv3;
    private readonly nn.Module<Tensor, Tensor>? bn4;
    private readonly int _stride;
    private readonly int _added;

    public PyramidBlock(BlockShape shape, bool bottleneck, LayerFactory layers)
        : base(nameof(PyramidBlock))
    {
        (int input, int planes, _stride) = shape;
        bn1 = new BatchNormLayer(input);
        if (bottleneck)
        {
            (conv1, bn2) = layers.ConvNorm(input, planes, kernel: 1);
            (conv2, bn3) = layers.ConvNorm(planes, planes, kernel: 3, _stride);
            (conv3, bn4) = layers.ConvNorm(planes, planes * BottleneckBranch.Expansion, kernel: 1);
        }
        else
        {
            (conv1, bn2) = layers.ConvNorm(input, planes, kernel: 3, _stride);
            (conv2, bn3) = layers.ConvNorm(planes, planes, kernel: 3);
        }

        _added = (bottleneck ? planes * BottleneckBranch.Expansion : planes) - input;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = bn2.call(conv1.call(bn1.call(input))).relu_();
        output = bn3.call(conv2.call(output));
        if (conv3 is not null)
        {
            output = bn4!.call(conv3.call(output.relu_()));
        }

        Tensor skip = _stride == 1 ? input : nn.functional.avg_pool2d(input, [2, 2], [2, 2], ceil_mode: true);
        Tensor widened = _added == 0 ? skip : nn.functional.pad(skip, [0, 0, 0, 0, 0, _added]);
        return output.Add_(widened).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue output = graph.Apply(graph.Relu(graph.Apply(input, bn1, conv1, bn2)), conv2, bn3);
        if (conv3 is not null)
        {
            output = graph.Apply(graph.Relu(output), conv3, bn4!);
        }

        OnnxValue skip =
            _stride == 1
                ? input
                : graph.Node(
                    "AveragePool",
                    [input],
                    OnnxAttribute.Ints("kernel_shape", 2, 2),
                    OnnxAttribute.Ints("strides", 2, 2),
                    OnnxAttribute.Int("ceil_mode", 1)
                );
        return graph.Add(output, _added == 0 ? skip : graph.Node("Pad", [skip, graph.Integers(0, 0, 0, 0, 0, _added, 0, 0)]));
    }
}
