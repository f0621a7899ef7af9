using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>The branch of SK-ResNeXt: a bottleneck whose 3x3 convolution is a <see cref="SelectiveKernel"/> (Li et al. 2019, table 1); under timm's names.</summary>
internal sealed class SelectiveKernelBranch : nn.Module<Tensor, Tensor>
{
    private readonly Sequential conv1;
    private readonly SelectiveKernel conv2;
    private readonly Sequential conv3;

    public SelectiveKernelBranch(BlockShape shape, Cardinality cardinality, SelectiveKernelKind kind, LayerFactory layers)
        : base(nameof(SelectiveKernelBranch))
    {
        int width = cardinality.Width(shape.Planes);
        conv1 = Named(layers.ConvNorm(shape.Input, width, kernel: 1));
        conv2 = new SelectiveKernel(width, shape.Stride, cardinality.Groups, kind, layers);
        conv3 = Named(layers.ConvNorm(width, shape.Planes * BottleneckBranch.Expansion, kernel: 1));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor inner = conv1.call(input).relu_();
        return conv3.call(conv2.call(inner)).MoveToOuterDisposeScope();
    }

    private static Sequential Named((nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) pair) =>
        nn.Sequential(("conv", pair.Convolution), ("bn", pair.Norm));
}
