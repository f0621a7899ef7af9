using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>The branch of a <see cref="ResidualBlock"/> with two 3x3 convolutions (He et al. 2016, figure 5 left).</summary>
internal sealed class BasicBranch : nn.Module<Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn2;

    public BasicBranch(BlockShape shape, LayerFactory layers)
        : base(nameof(BasicBranch))
    {
        (conv1, bn1) = layers.ConvNorm(shape.Input, shape.Planes, kernel: 3, shape.Stride);
        (conv2, bn2) = layers.ConvNorm(shape.Planes, shape.Planes, kernel: 3);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = bn1.call(conv1.call(input)).relu_();
        return bn2.call(conv2.call(inner)).MoveToOuterDisposeScope();
    }
}
