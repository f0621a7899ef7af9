using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>Weighs channels by what they hold on average (Hu et al. 2018, "Squeeze-and-Excitation Networks"), with SiLU within; under torchvision's names.</summary>
internal sealed class SqueezeExcitation : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d fc1;
    private readonly Conv2d fc2;

    public SqueezeExcitation(int channels, int squeezed)
        : base(nameof(SqueezeExcitation))
    {
        fc1 = nn.Conv2d(channels, squeezed, 1);
        fc2 = nn.Conv2d(squeezed, channels, 1);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor summary = input.mean(new long[] { 2, 3 }, keepdim: true);                           // [N,C,1,1]
        Tensor weights = fc2.call(fc1.call(summary).silu()).sigmoid();
        return (input * weights).MoveToOuterDisposeScope();
    }
}
