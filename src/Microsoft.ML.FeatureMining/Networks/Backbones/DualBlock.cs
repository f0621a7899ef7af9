using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// A skip and two branches of the same kind (Sun et al. 2020, figure 1): X + l F(X, W1) + (1 - l) F(X, W2), l being 0 or 1 at random, for the whole batch, while
/// training, and 1/2 after it (equation 2). A branch of weight 0 is not computed: it would get no gradient.
/// </summary>
internal sealed class DualBlock : RandomLayer
{
    private readonly nn.Module<Tensor, Tensor> branch1;
    private readonly nn.Module<Tensor, Tensor> branch2;
    private readonly Sequential? downsample;

    public DualBlock(Func<nn.Module<Tensor, Tensor>> branch, Sequential? skip)
        : base(nameof(DualBlock))
    {
        (branch1, branch2, downsample) = (branch(), branch(), skip);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor residual = training
            ? (Random.NextInt(2) == 1 ? branch1 : branch2).call(input)
            : branch1.call(input).Add_(branch2.call(input)).Mul_(0.5);
        return residual.Add_(downsample?.call(input) ?? input).relu_().MoveToOuterDisposeScope();
    }
}
