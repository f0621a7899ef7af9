using Microsoft.ML.FeatureMining.Randomness;

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
        IUnitDensity good = DensityOf(parameter, ranked[..best]);
        IUnitDensity bad = DensityOf(parameter, ranked[best..]);
        return Enumerable.Range(0, Candidates).Select(_ => good.Draw(random)).MaxBy(place => Math.Log(good.At(place)) - Math.Log(bad.At(place)));
    }

    private static IUnitDensity DensityOf(SweepParameter parameter, double[] places) =>
        parameter is ChoiceParameter choice ? new ChoiceDensity(choice.Values.Count, places) : new ParzenDensity(places);
}

/// <summary>
/// A mixture of normal laws, one at each of n places, cut off at 0 and 1, and the uniform law as the prior with the weight of one of them. The width of each is the larger of the distances to
/// its neighbors, the ends 0 and 1 counting as neighbors, and at least 1 / (n + 1), at most 1 (Bergstra et al. 2011, section 4.2).
/// </summary>
internal sealed class ParzenDensity : IUnitDensity
{
    private readonly (double Middle, double Width, double Mass)[] _parts;

    public ParzenDensity(IReadOnlyList<double> places)
    {
        double[] sorted = [.. places.Order()];
        double narrowest = Math.Min(1, 1.0 / (sorted.Length + 1));
        _parts = [.. sorted.Select((middle, i) =>
        {
            double left = middle - (i == 0 ? 0 : sorted[i - 1]);
            double right = (i == sorted.Length - 1 ? 1 : sorted[i + 1]) - middle;
            double width = Math.Clamp(Math.Max(left, right), narrowest, 1);
            return (middle, width, NormalDistribution.Below((1 - middle) / width) - NormalDistribution.Below(-middle / width));
        })];
    }

    public double Draw(RandomStream random)
    {
        int part = random.NextInt(_parts.Length + 1);
        if (part == _parts.Length)
        {
            return random.NextDouble();
        }

        (double middle, double width, _) = _parts[part];
        while (true)
        {
            double place = middle + width * random.NextGaussian();
            if (place is >= 0 and < 1)
            {
                return place;
            }
        }
    }

    public double At(double place) => (1 + _parts.Sum(part => NormalDistribution.Density((place - part.Middle) / part.Width) / (part.Width * part.Mass))) / (_parts.Length + 1);
}

/// <summary>How often each of n values was taken, each having been taken once before all (Bergstra et al. 2011, section 4: the prior's weight is that of one trial a value).</summary>
internal sealed class ChoiceDensity : IUnitDensity
{
    private readonly double[] _shares;

    public ChoiceDensity(int values, IReadOnlyList<double> places)
    {
        double[] counts = new double[values];
        Array.Fill(counts, 1);
        foreach (double place in places)
        {
            counts[(int)(place * values)]++;
        }

        _shares = [.. counts.Select(count => count / (places.Count + values))];
    }

    public double Draw(RandomStream random)
    {
        double rest = random.NextDouble();
        int value = 0;
        while (value < _shares.Length - 1 && rest >= _shares[value])
        {
            rest -= _shares[value++];
        }

        return (value + 0.5) / _shares.Length;
    }

    public double At(double place) => _shares[(int)(place * _shares.Length)] * _shares.Length;
}

/// <summary>A density over the places [0, 1) of one parameter, nowhere 0.</summary>
internal interface IUnitDensity
{
    double Draw(RandomStream random);

    double At(double place);
}

/// <summary>The standard normal law.</summary>
internal static class NormalDistribution
{
    public static double Density(double x) => Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);

    /// <summary>The probability of a smaller number, to 1e-7 (Abramowitz and Stegun 1964, formula 26.2.17).</summary>
    public static double Below(double x)
    {
        double t = 1 / (1 + 0.2316419 * Math.Abs(x));
        double tail = Density(x) * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return x < 0 ? tail : 1 - tail;
    }
}
