using System.Globalization;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>Uniform over all places.</summary>
internal sealed class RandomSampler(int parameters, long seed) : ISampler
{
    public double[] Next(int trial, IReadOnlyList<double[]> ranked)
    {
        RandomStream random = Stream(seed, trial);
        return [.. Enumerable.Range(0, parameters).Select(_ => random.NextDouble())];
    }

    /// <summary>The random numbers of one trial, whatever the others drew.</summary>
    public static RandomStream Stream(long seed, int trial) => new(seed, string.Create(CultureInfo.InvariantCulture, $"trial {trial}"));
}
