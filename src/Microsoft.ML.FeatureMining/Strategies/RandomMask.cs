using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>Random masks made on the device, by a generator of their own that the strategy's stream seeds: nothing of it outlives the step.</summary>
internal static class RandomMask
{
    /// <summary>Each entry 1 with that probability, otherwise 0.</summary>
    public static Tensor Bernoulli(long[] shape, double probability, Tensor like, RandomStream random)
    {
        using Generator generator = new((ulong)random.NextSeed(), like.device);
        return empty(shape, dtype: like.dtype, device: like.device).bernoulli_(probability, generator);
    }
}
