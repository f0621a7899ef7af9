using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// BatchNorm and ReLU before each of two 3x3 convolutions, and a skip that nothing follows (He et al. 2016, "Identity Mappings in Deep Residual Networks", figure 4e), with
/// dropout between the convolutions (Zagoruyko and Komodakis 2016, figure 1d). Where the shape changes, the skip is a 1x1 convolution of the activated input.
/// </summary>
internal sealed class PreActivationBlock : nn.Module<Tensor, Tensor>
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
        conv2 = nn.Conv2d(shape.Planes, shape.Planes, 3, padding: 1, bias: false);
        downsample = shape.Stride == 1 && shape.Input == shape.Planes ? null : nn.Conv2d(shape.Input, shape.Planes, 1, shape.Stride, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor active = bn1.call(input).relu_();
        Tensor inner = dropout.call(bn2.call(conv1.call(active)).relu_());
        return conv2.call(inner).Add_(downsample?.call(active) ?? input).MoveToOuterDisposeScope();
    }
}
