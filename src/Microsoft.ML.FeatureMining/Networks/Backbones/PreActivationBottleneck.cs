using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// BatchNorm and ReLU before each of three convolutions, 1x1, 3x3 and 1x1, and a skip that nothing follows (He et al. 2016, "Identity Mappings in Deep Residual Networks").
/// Where the shape changes, the skip is a 1x1 convolution of the activated input.
/// </summary>
internal sealed class PreActivationBottleneck : nn.Module<Tensor, Tensor>
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
        conv3 = nn.Conv2d(shape.Planes, output, 1, bias: false);
        downsample = shape.Stride == 1 && shape.Input == output ? null : nn.Conv2d(shape.Input, output, 1, shape.Stride, bias: false);
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
}
