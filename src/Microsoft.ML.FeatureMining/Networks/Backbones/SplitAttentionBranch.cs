using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>The branch of ResNeSt: a bottleneck whose 3x3 convolution is a <see cref="SplitAttention"/>, with the stride in a 3x3 mean after it.</summary>
internal sealed class SplitAttentionBranch : nn.Module<Tensor, Tensor>
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
}
