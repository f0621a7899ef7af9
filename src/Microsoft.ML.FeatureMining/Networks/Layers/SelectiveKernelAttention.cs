using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Weighs maps of two receptive fields, channel by channel (Li et al. 2019, "Selective Kernel Networks", section 3.1): their sum, averaged over all positions, goes through
/// max(C/16, 32) channels to one score a map and channel; the softmax over the maps are the weights.
/// </summary>
internal sealed class SelectiveKernelAttention : nn.Module<Tensor, Tensor, Tensor>
{
    private readonly nn.Module<Tensor, Tensor> fc_reduce;
    private readonly nn.Module<Tensor, Tensor> bn;
    private readonly Conv2d fc_select;
    private readonly int _channels;

    public SelectiveKernelAttention(int channels, LayerFactory layers)
        : base(nameof(SelectiveKernelAttention))
    {
        _channels = channels;
        int reduced = Math.Max(channels / 16, 32);
        (fc_reduce, bn) = layers.ConvNorm(channels, reduced, kernel: 1);
        fc_select = nn.Conv2d(reduced, 2 * channels, 1, bias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor near, Tensor far)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor summary = near.Add(far).mean(new long[] { 2, 3 }, keepdim: true);                   // [N,C,1,1]
        Tensor scores = fc_select.call(bn.call(fc_reduce.call(summary)).relu_());                  // [N,2C,1,1]
        // The softmax over two is a sigmoid of their difference.
        Tensor share = (scores.narrow(1, 0, _channels) - scores.narrow(1, _channels, _channels)).sigmoid();
        return far.Add((near - far) * share).MoveToOuterDisposeScope();
    }
}
