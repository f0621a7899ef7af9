using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// The block of PyramidNet (Han et al. 2017, figure 6d): BatchNorm first and last, no ReLU before the first convolution; the skip is the input, averaged where the size halves, with
/// channels of zeros where there are more to come out. Two 3x3 convolutions, or 1x1, 3x3 and 1x1.
/// </summary>
internal sealed class PyramidBlock : nn.Module<Tensor, Tensor>
{
    private readonly BatchNormLayer bn1;
    private readonly nn.Module<Tensor, Tensor> conv1;
    private readonly nn.Module<Tensor, Tensor> bn2;
    private readonly nn.Module<Tensor, Tensor> conv2;
    private readonly nn.Module<Tensor, Tensor> bn3;
    private readonly nn.Module<Tensor, Tensor>? conv3;
    private readonly nn.Module<Tensor, Tensor>? bn4;
    private readonly int _stride;
    private readonly int _added;

    public PyramidBlock(BlockShape shape, bool bottleneck, LayerFactory layers)
        : base(nameof(PyramidBlock))
    {
        (int input, int planes, _stride) = shape;
        bn1 = new BatchNormLayer(input);
        if (bottleneck)
        {
            (conv1, bn2) = layers.ConvNorm(input, planes, kernel: 1);
            (conv2, bn3) = layers.ConvNorm(planes, planes, kernel: 3, _stride);
            (conv3, bn4) = layers.ConvNorm(planes, planes * BottleneckBranch.Expansion, kernel: 1);
        }
        else
        {
            (conv1, bn2) = layers.ConvNorm(input, planes, kernel: 3, _stride);
            (conv2, bn3) = layers.ConvNorm(planes, planes, kernel: 3);
        }

        _added = (bottleneck ? planes * BottleneckBranch.Expansion : planes) - input;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor output = bn2.call(conv1.call(bn1.call(input))).relu_();
        output = bn3.call(conv2.call(output));
        if (conv3 is not null)
        {
            output = bn4!.call(conv3.call(output.relu_()));
        }

        Tensor skip = _stride == 1 ? input : nn.functional.avg_pool2d(input, [2, 2], [2, 2], ceil_mode: true);
        Tensor widened = _added == 0 ? skip : nn.functional.pad(skip, [0, 0, 0, 0, 0, _added]);
        return output.Add_(widened).MoveToOuterDisposeScope();
    }
}
