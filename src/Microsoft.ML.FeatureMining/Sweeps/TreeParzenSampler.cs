using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// The Tree-structured Parzen Estimator (Bergstra et al. 2011, section 4). The trials so far are parted into the best share gamma and the others; for each parameter by itself, l(x) is a
/// density of the places of the former and g(x) one of the places of the latter. Candidates are drawn from l, and the one of the largest l(x) / g(x), which has the largest
/// expected improvement (equation 4), is tried next. The first trials are random.
/// </summary>
internal sealed class TreeParzenSampler(IReadOnlyList<SweepParameter> parameters, long seed) : ISampler
{
    /// <summary>Trials before there is a model.</summary>
    public const int RandomTrials = 10;

    // The paper's values.
    private const double BestShare = 0.15;
    private const int Candidates = 100;

    private readonly RandomSampler _start = new(parameters.Count, seed);

    public double[] Next(int trial, IReadOnlyList<double[]> ranked)
    {
        if (ranked.Count < RandomTrials)
        {
            return _start.Next(trial, ranked);
        }

        int best = (int)Math.Ceiling(BestShare * ranked.Count);
        RandomStream random = RandomSampler.Stream(seed, trial);
        return [.. parameters.Select((parameter, i) => Choose(parameter, [.. ranked.Select(places => places[i])], best, random))];
    }

    private static double Choose(SweepParameter parameter, double[] ranked, int best, RandomStream random)
    {
        IPlaceDensity good = DensityOf(parameter, ranked[..best]);
        IPlaceDensity bad = DensityOf(parameter, ranked[best..]);
        return Enumerable.Range(0, Candidates).Select(_ => good.Draw(random)).MaxBy(place => Math.Log(good.At(place)) - Math.Log(bad.At(place)));
    }

    private static IPlaceDensity DensityOf(SweepParameter parameter, double[] places) =>
        parameter is ChoiceParameter choice ? new ChoiceDensity(choice.Values.Count, places) : new ParzenDensity(places);
}
