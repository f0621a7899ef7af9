using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>Sets each value to zero with probability <paramref name="probability"/> while training, and scales the others up (Srivastava et al. 2014).</summary>
internal sealed class StreamDropout(double probability) : RandomLayer(nameof(StreamDropout))
{
    public override Tensor forward(Tensor input)
    {
        if (!training || probability == 0)
        {
            return input.alias();
        }

        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new((ulong)Random.NextSeed(), input.device);
        Tensor kept = rand(input.shape, ScalarType.Float32, input.device, generator: generator).Ge(probability);
        return (input * kept.to(input.dtype).Mul_(1 / (1 - probability))).MoveToOuterDisposeScope();
    }
}
