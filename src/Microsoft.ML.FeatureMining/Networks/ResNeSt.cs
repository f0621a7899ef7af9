using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// The branch of a ResNeSt block: a bottleneck with <see cref="SplitAttention"/> instead of the 3x3 convolution; a 3x3 average pool after it has the stride.
/// </summary>
internal sealed class SplitAttentionBranch : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly SplitAttention conv2;
    private readonly nn.Module<Tensor, Tensor>? avd_last;
    private readonly nn.Module<Tensor, Tensor> conv3;
    private readonly nn.Module<Tensor, Tensor> bn3;

    public SplitAttentionBranch(BlockShape shape, LayerFactory layers)
        : base(nameof(SplitAttentionBranch))
    {
        (conv1, bn1) = layers.ConvNorm(shape.Input, shape.Planes, kernel: 1);
        conv2 = new SplitAttention(shape.Planes, layers);
        avd_last = shape.Stride == 1 ? null : nn.AvgPool2d(3, shape.Stride, 1);
        (conv3, bn3) = layers.ConvNorm(shape.Planes, shape.Planes * BottleneckBranch.Expansion, kernel: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = conv2.call(bn1.call(conv1.call(input)).relu_());
        return bn3.call(conv3.call(avd_last?.call(inner) ?? inner)).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue inner = graph.Apply(graph.Relu(graph.Apply(input, conv1, bn1)), conv2);
        return graph.Apply(avd_last is null ? inner : graph.Apply(inner, avd_last), conv3, bn3);
    }
}

/// <summary>
/// Split attention: a 3x3 convolution computes two maps, each from half of the input channels; channel-wise attention combines them (Zhang et al. 2020,
/// "ResNeSt: Split-Attention Networks", section 3.1, radix 2, cardinality 1). Names as in timm.
/// </summary>
internal sealed class SplitAttention : nn.Module<Tensor, Tensor>, IOnnxModule
{
    private const int Radix = 2;

    private readonly nn.Module<Tensor, Tensor> conv;
    private readonly nn.Module<Tensor, Tensor> bn0;
    private readonly nn.Module<Tensor, Tensor> fc1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly Conv2d fc2;
    private readonly int _channels;

    public SplitAttention(int channels, LayerFactory layers)
        : base(nameof(SplitAttention))
    {
        _channels = channels;
        int attention = Math.Max(channels * Radix / 4, 32);
        (conv, bn0) = layers.ConvNorm(channels, channels * Radix, kernel: 3, groups: Radix);
        (fc1, bn1) = layers.ConvNorm(channels, attention, kernel: 1, bias: true);
        fc2 = WeightLayers.Conv2d(attention, channels * Radix, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor maps = bn0.call(conv.call(input)).relu_(); // [N,2C,h,w]
        Tensor first = maps.narrow(1, 0, _channels);
        Tensor second = maps.narrow(1, _channels, _channels);
        Tensor scores = fc2.call(bn1.call(fc1.call(TwoMaps.Summary(first, second))).relu_()); // [N,2C,1,1]
        return TwoMaps.Blend(first, second, scores).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        OnnxValue maps = graph.Relu(graph.Apply(input, conv, bn0));
        OnnxValue first = graph.Slice(maps, 1, 0, _channels);
        OnnxValue second = graph.Slice(maps, 1, _channels, Radix * _channels);
        OnnxValue scores = graph.Apply(graph.Relu(graph.Apply(TwoMaps.ExportSummary(graph, first, second), fc1, bn1)), fc2);
        return TwoMaps.ExportBlend(graph, first, second, scores, _channels);
    }
}
