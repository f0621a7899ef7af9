using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// BatchNorm, ReLU and a 3x3 convolution, with a 1x1 convolution of four times the growth before it or without; what comes out is put behind what came in (Huang et al. 2017,
/// equation 2 and section 3).
/// </summary>
internal sealed class DenseLayer : nn.Module<Tensor, Tensor>
{
    private const int BottleneckWidth = 4;

    private readonly BatchNormLayer norm1;
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor>? norm2;
    private readonly Conv2d? conv2;

    public DenseLayer(int input, int growth, bool bottleneck, LayerFactory layers)
        : base(nameof(DenseLayer))
    {
        norm1 = new BatchNormLayer(input);
        if (bottleneck)
        {
            (conv1, norm2) = layers.ConvNorm(input, BottleneckWidth * growth, kernel: 1);
            conv2 = nn.Conv2d(BottleneckWidth * growth, growth, 3, padding: 1, bias: false);
        }
        else
        {
            conv1 = nn.Conv2d(input, growth, 3, padding: 1, bias: false);
        }

        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor added = conv1.call(norm1.call(input).relu_());
        if (conv2 is not null)
        {
            added = conv2.call(norm2!.call(added).relu_());
        }

        return cat([input, added], 1).MoveToOuterDisposeScope();
    }
}
