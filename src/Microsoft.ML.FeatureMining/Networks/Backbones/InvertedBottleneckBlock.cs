using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// The block of EfficientNet (Tan and Le 2019, after Sandler et al. 2018): a 1x1 convolution widens, a depthwise one filters, squeeze and excitation weighs, a 1x1 one narrows; a
/// skip where the shape stays; under torchvision's names.
/// </summary>
internal sealed class InvertedBottleneckBlock : nn.Module<Tensor, Tensor>
{
    private readonly Sequential block;
    private readonly StochasticDepth stochastic_depth;
    private readonly bool _skips;

    public InvertedBottleneckBlock(InvertedBottleneckShape shape, NormSettings norm, double dropProbability, LayerFactory layers)
        : base(nameof(InvertedBottleneckBlock))
    {
        int width = shape.Input * shape.Expansion;
        List<nn.Module<Tensor, Tensor>> parts = [];
        if (shape.Expansion > 1)
        {
            parts.Add(ConvNormActivation.Of(layers.ConvNorm(shape.Input, width, kernel: 1, norm: norm), nn.SiLU()));
        }

        parts.Add(ConvNormActivation.Of(layers.ConvNorm(width, width, shape.Kernel, shape.Stride, groups: width, norm: norm), nn.SiLU()));
        parts.Add(new SqueezeExcitation(width, Math.Max(1, shape.Input / 4)));
        parts.Add(ConvNormActivation.Of(layers.ConvNorm(width, shape.Output, kernel: 1, norm: norm)));
        block = nn.Sequential(parts);
        stochastic_depth = new StochasticDepth(dropProbability);
        _skips = shape.Stride == 1 && shape.Input == shape.Output;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        if (!_skips)
        {
            return block.call(input);
        }

        using DisposeScope scope = NewDisposeScope();
        return stochastic_depth.call(block.call(input)).Add_(input).MoveToOuterDisposeScope();
    }
}
