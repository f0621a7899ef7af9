using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// The Tree-structured Parzen Estimator (Bergstra et al. 2011, section 4). The trials so far are split into the best fraction gamma and the rest.
/// For each parameter independently, l(x) is a density of the positions of the best trials and g(x) a density of the positions of the rest. Candidates are
/// sampled from l; the candidate with the largest l(x) / g(x), which has the largest expected improvement (equation 4), is tried next. The first trials are
/// random.
/// </summary>
internal sealed class TreeParzenSampler(IReadOnlyList<SweepParameter> parameters, long seed) : ISampler
{
    /// <summary>The number of random trials before the model is used.</summary>
    public const int RandomTrials = 10;

    // The paper's values.
    private const double BestFraction = 0.15;
    private const int Candidates = 100;

    private readonly RandomSampler _start = new(parameters.Count, seed);

    public double[] Next(int trial, IReadOnlyList<double[]> ranked)
    {
        if (ranked.Count < RandomTrials)
        {
            return _start.Next(trial, ranked);
        }

        int best = (int)Math.Ceiling(BestFraction * ranked.Count);
        RandomStream random = RandomSampler.Stream(seed, trial);
        return [.. parameters.Select((parameter, i) => Choose(parameter, [.. ranked.Select(positions => positions[i])], best, random))];
    }

    private static double Choose(SweepParameter parameter, double[] ranked, int best, RandomStream random)
    {
        IPositionDensity good = DensityOf(parameter, ranked[..best]);
        IPositionDensity bad = DensityOf(parameter, ranked[best..]);
        return Enumerable
            .Range(0, Candidates)
            .Select(_ => good.Sample(random))
            .MaxBy(position => Math.Log(good.Density(position)) - Math.Log(bad.Density(position)));
    }

    private static IPositionDensity DensityOf(SweepParameter parameter, double[] positions) =>
        parameter is ChoiceParameter choice ? new CategoricalDensity(choice.Values.Count, positions) : new ParzenDensity(positions);
}

/// <summary>
/// A mixture of n normal distributions centered at n positions, truncated to [0, 1], and a uniform prior with the weight of one component. The standard
/// deviation of a component is the larger distance to its neighbors (0 and 1 count as neighbors), clamped to [1 / (n + 1), 1] (Bergstra et al. 2011, section
/// 4.2).
/// </summary>
internal sealed class ParzenDensity : IPositionDensity
{
    private readonly (double Mean, double Deviation, double Mass)[] _components;

    public ParzenDensity(IReadOnlyList<double> positions)
    {
        double[] sorted = [.. positions.Order()];
        double narrowest = Math.Min(1, 1.0 / (sorted.Length + 1));
        _components =
        [
            .. sorted.Select(
                (middle, i) =>
                {
                    double left = middle - (i == 0 ? 0 : sorted[i - 1]);
                    double right = (i == sorted.Length - 1 ? 1 : sorted[i + 1]) - middle;
                    double width = Math.Clamp(Math.Max(left, right), narrowest, 1);
                    return (middle, width, NormalDistribution.Cdf((1 - middle) / width) - NormalDistribution.Cdf(-middle / width));
                }
            ),
        ];
    }

    public double Sample(RandomStream random)
    {
        int component = random.NextInt(_components.Length + 1);
        if (component == _components.Length)
        {
            return random.NextDouble();
        }

        (double mean, double deviation, _) = _components[component];
        while (true)
        {
            double position = mean + deviation * random.NextGaussian();
            if (position is >= 0 and < 1)
            {
                return position;
            }
        }
    }

    public double Density(double position) =>
        (1 + _components.Sum(part => NormalDistribution.Pdf((position - part.Mean) / part.Deviation) / (part.Deviation * part.Mass)))
        / (_components.Length + 1);
}

/// <summary>
/// A categorical distribution of n values: their counts plus one (Bergstra et al. 2011, section 4: the prior has the weight of one trial per value).
/// </summary>
internal sealed class CategoricalDensity : IPositionDensity
{
    private readonly double[] _probabilities;

    public CategoricalDensity(int values, IReadOnlyList<double> positions)
    {
        double[] counts = new double[values];
        Array.Fill(counts, 1);
        foreach (double position in positions)
        {
            counts[(int)(position * values)]++;
        }

        _probabilities = [.. counts.Select(count => count / (positions.Count + values))];
    }

    public double Sample(RandomStream random)
    {
        double rest = random.NextDouble();
        int value = 0;
        while (value < _probabilities.Length - 1 && rest >= _probabilities[value])
        {
            rest -= _probabilities[value++];
        }

        return (value + 0.5) / _probabilities.Length;
    }

    public double Density(double position) => _probabilities[(int)(position * _probabilities.Length)] * _probabilities.Length;
}

/// <summary>A probability density over the positions [0, 1) of one parameter; positive everywhere.</summary>
internal interface IPositionDensity
{
    double Sample(RandomStream random);

    double Density(double position);
}

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    public static double Pdf(double x) => Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI);

    /// <summary>The cumulative distribution function, accurate to 1e-7 (Abramowitz and Stegun 1964, formula 26.2.17).</summary>
    public static double Cdf(double x)
    {
        double t = 1 / (1 + 0.2316419 * Math.Abs(x));
        double tail = Pdf(x) * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return x < 0 ? tail : 1 - tail;
    }
}
