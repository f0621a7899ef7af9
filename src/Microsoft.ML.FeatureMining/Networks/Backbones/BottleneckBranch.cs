using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// The branch of a <see cref="ResidualBlock"/> with 1x1, 3x3 and 1x1 convolutions (He et al. 2016, figure 5 right; the stride on the 3x3, as torchvision has it).
/// The 3x3 in groups makes it ResNeXt's (Xie et al. 2017, figure 3c).
/// </summary>
internal sealed class BottleneckBranch : nn.Module<Tensor, Tensor>
{
    /// <summary>Channels that come out, in multiples of the planes.</summary>
    public const int Expansion = 4;

    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly nn.Module<Tensor, Tensor> conv3;
    private readonly nn.Module<Tensor, Tensor> bn3;

    public BottleneckBranch(BlockShape shape, Cardinality cardinality, LayerFactory layers)
        : base(nameof(BottleneckBranch))
    {
        int width = cardinality.Width(shape.Planes);
        (conv1, bn1) = layers.ConvNorm(shape.Input, width, kernel: 1);
        (conv2, bn2) = layers.ConvNorm(width, width, kernel: 3, shape.Stride, cardinality.Groups);
        (conv3, bn3) = layers.ConvNorm(width, shape.Planes * Expansion, kernel: 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = bn1.call(conv1.call(input)).relu_();
        inner = bn2.call(conv2.call(inner)).relu_();
        return bn3.call(conv3.call(inner)).MoveToOuterDisposeScope();
    }
}
