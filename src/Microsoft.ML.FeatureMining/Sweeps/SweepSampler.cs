using System.Globalization;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>How a sweep chooses the settings of its next trial.</summary>
public enum SweepSampler
{
    /// <summary>
    /// Model-based: the Tree-structured Parzen Estimator, TPE (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4).
    /// </summary>
    TreeParzen,

    /// <summary>Random search: independent uniform settings (Bergstra and Bengio 2012).</summary>
    Random,

    /// <summary>Grid search: all combinations of a few values per parameter, in random order.</summary>
    Grid,
}

/// <summary>
/// Chooses the settings of trials. Samplers are stateless: the result depends only on the seed, the number of the trial and the earlier trials, so that a
/// resumed sweep continues as if it had not been interrupted.
/// </summary>
internal interface ISampler
{
    /// <param name="trial">The number of the new trial, from 0.</param>
    /// <param name="ranked">The positions in [0, 1) of the settings of earlier trials, one per parameter, the best trial first.</param>
    /// <returns>The positions of the settings of the new trial; null if there is nothing left to try.</returns>
    double[]? Next(int trial, IReadOnlyList<double[]> ranked);
}

/// <summary>All combinations, each once, in random order, so that a budget that does not cover all of them covers a random subset.</summary>
internal sealed class GridSampler : ISampler
{
    // A larger grid is surely a mistake.
    private const int MaxCombinations = 1_000_000;

    private readonly double[][] _positions;
    private readonly int[] _order;

    /// <param name="parameters">The parameters to vary.</param>
    /// <param name="steps">The number of values of a number parameter.</param>
    /// <param name="seed">The seed of the sweep.</param>
    /// <exception cref="ArgumentException">There are more than a million combinations.</exception>
    public GridSampler(IReadOnlyList<SweepParameter> parameters, int steps, long seed)
    {
        _positions = [.. parameters.Select(parameter => parameter.Grid(steps).Select(parameter.PositionOf).ToArray())];
        double combinations = _positions.Aggregate(1.0, (product, values) => product * values.Length);
        if (combinations > MaxCombinations)
        {
            throw new ArgumentException(
                $"The grid has {combinations} combinations; at most {MaxCombinations} are allowed. Use fewer grid steps, fewer "
                    + $"parameters, or another sampler.",
                nameof(parameters)
            );
        }

        _order = new RandomStream(seed, "grid").Permutation((int)combinations);
    }

    public double[]? Next(int trial, IReadOnlyList<double[]> ranked)
    {
        if (trial >= _order.Length)
        {
            return null;
        }

        int rest = _order[trial];
        return
        [
            .. _positions.Select(values =>
            {
                double position = values[rest % values.Length];
                rest /= values.Length;
                return position;
            }),
        ];
    }
}

/// <summary>Uniform over all positions.</summary>
internal sealed class RandomSampler(int parameters, long seed) : ISampler
{
    public double[] Next(int trial, IReadOnlyList<double[]> ranked)
    {
        RandomStream random = Stream(seed, trial);
        return [.. Enumerable.Range(0, parameters).Select(_ => random.NextDouble())];
    }

    /// <summary>The random stream of one trial, independent of other trials.</summary>
    public static RandomStream Stream(long seed, int trial) => new(seed, string.Create(CultureInfo.InvariantCulture, $"trial {trial}"));
}
