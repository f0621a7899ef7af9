using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>Two 3x3 convolutions and a skip (He et al. 2016, figure 5 left).</summary>
internal sealed class BasicBlock : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly Sequential? downsample;

    public BasicBlock(int input, int width, int stride, LayerFactory layers)
        : base(nameof(BasicBlock))
    {
        (conv1, bn1) = layers.ConvNorm(input, width, kernel: 3, stride);
        (conv2, bn2) = layers.ConvNorm(width, width, kernel: 3);
        downsample = Skip.Projection(input, width, stride, layers);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = bn1.call(conv1.call(input)).relu_();
        Tensor output = bn2.call(conv2.call(inner));
        return output.add_(downsample?.call(input) ?? input).relu_().MoveToOuterDisposeScope();
    }
}
