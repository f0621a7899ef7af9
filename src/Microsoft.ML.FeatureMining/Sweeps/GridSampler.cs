using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Sweeps;

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
