using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>1x1, 3x3 and 1x1 convolutions, the last with four times the width, and a skip (He et al. 2016, figure 5 right; the stride on the 3x3, as torchvision has it).</summary>
internal sealed class BottleneckBlock : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly nn.Module<Tensor, Tensor> conv3;
    private readonly nn.Module<Tensor, Tensor> bn3;
    private readonly Sequential? downsample;

    public BottleneckBlock(int input, int width, int stride, LayerFactory layers)
        : base(nameof(BottleneckBlock))
    {
        (conv1, bn1) = layers.ConvNorm(input, width, kernel: 1);
        (conv2, bn2) = layers.ConvNorm(width, width, kernel: 3, stride);
        (conv3, bn3) = layers.ConvNorm(width, width * 4, kernel: 1);
        downsample = Skip.Projection(input, width * 4, stride, layers);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = bn1.call(conv1.call(input)).relu_();
        inner = bn2.call(conv2.call(inner)).relu_();
        Tensor output = bn3.call(conv3.call(inner));
        return output.add_(downsample?.call(input) ?? input).relu_().MoveToOuterDisposeScope();
    }
}
