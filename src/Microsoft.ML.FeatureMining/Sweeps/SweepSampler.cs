using System.Globalization;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>How a sweep chooses the settings of its next trial.</summary>
public enum SweepSampler
{
    /// <summary>
    /// By a model of what was good so far: the Tree-structured Parzen Estimator (Bergstra et al. 2011, "Algorithms for Hyper-Parameter Optimization", section 4).
    /// </summary>
    TreeParzen,

    /// <summary>At random, each trial for itself (Bergstra and Bengio 2012).</summary>
    Random,

    /// <summary>All combinations of a few values each, in an order drawn by the seed, until the budget is spent.</summary>
    Grid,
}

/// <summary>Chooses settings. Without a state: what it chooses depends on the sweep's seed, the trial's number and the trials before, so that a sweep that is taken up again goes on as if it had never stopped.</summary>
internal interface ISampler
{
    /// <param name="trial">The number of the trial to come, from 0.</param>
    /// <param name="ranked">Places [0, 1) of the settings of earlier trials, one a parameter, the best trial first.</param>
    /// <returns>The places of the trial's settings; null where there is nothing left to try.</returns>
    double[]? Next(int trial, IReadOnlyList<double[]> ranked);
}

/// <summary>All combinations, each once, in an order drawn by the seed: what is left out where the budget ends is then left out at random.</summary>
internal sealed class GridSampler : ISampler
{
    // Beyond this a grid cannot be meant.
    private const int MaxCombinations = 1_000_000;

    private readonly double[][] _places;
    private readonly int[] _order;

    /// <param name="parameters">What varies.</param>
    /// <param name="steps">Values of a number.</param>
    /// <param name="seed">Of the sweep.</param>
    /// <exception cref="ArgumentException">There are more combinations than can be listed.</exception>
    public GridSampler(IReadOnlyList<SweepParameter> parameters, int steps, long seed)
    {
        _places = [.. parameters.Select(parameter => parameter.Grid(steps).Select(parameter.PlaceOf).ToArray())];
        double combinations = _places.Aggregate(1.0, (product, places) => product * places.Length);
        if (combinations > MaxCombinations)
        {
            throw new ArgumentException($"The grid has {combinations} combinations; {MaxCombinations} can be listed. Take fewer steps or parameters, or another sampler.", nameof(parameters));
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
        return [.. _places.Select(places =>
        {
            double place = places[rest % places.Length];
            rest /= places.Length;
            return place;
        })];
    }
}

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
