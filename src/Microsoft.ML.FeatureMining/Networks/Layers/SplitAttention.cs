using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// A 3x3 convolution that gives two maps, each from half of the input, and the attention that joins them, channel by channel (Zhang et al. 2020, "ResNeSt: Split-Attention
/// Networks", section 3.1, radix 2, cardinality 1); under timm's names.
/// </summary>
internal sealed class SplitAttention : nn.Module<Tensor, Tensor>
{
    private const int Radix = 2;

    private readonly nn.Module<Tensor, Tensor> conv;
    private readonly nn.Module<Tensor, Tensor> bn0;
    private readonly nn.Module<Tensor, Tensor> fc1;
    private readonly nn.Module<Tensor, Tensor> bn1;
    private readonly Conv2d fc2;
    private readonly int _channels;

    public SplitAttention(int channels, LayerFactory layers)
        : base(nameof(SplitAttention))
    {
        _channels = channels;
        int attention = Math.Max(channels * Radix / 4, 32);
        (conv, bn0) = layers.ConvNorm(channels, channels * Radix, kernel: 3, groups: Radix);
        (fc1, bn1) = layers.ConvNorm(channels, attention, kernel: 1, bias: true);
        fc2 = nn.Conv2d(attention, channels * Radix, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor maps = bn0.call(conv.call(input)).relu_();                                          // [N,2C,h,w]
        Tensor first = maps.narrow(1, 0, _channels);
        Tensor second = maps.narrow(1, _channels, _channels);
        Tensor summary = first.Add(second).mean(new long[] { 2, 3 }, keepdim: true);               // [N,C,1,1]
        Tensor scores = fc2.call(bn1.call(fc1.call(summary)).relu_());                             // [N,2C,1,1]
        // The softmax over two is a sigmoid of their difference.
        Tensor share = (scores.narrow(1, 0, _channels) - scores.narrow(1, _channels, _channels)).sigmoid();
        return second.Add((first - second) * share).MoveToOuterDisposeScope();
    }
}
