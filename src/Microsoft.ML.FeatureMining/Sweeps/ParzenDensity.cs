using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// A mixture of normal laws, one at each of n places, cut off at 0 and 1, and the uniform law as the prior with the weight of one of them. The width of each is the larger of the distances to
/// its neighbours, the ends 0 and 1 counting as neighbours, and at least 1 / (n + 1), at most 1 (Bergstra et al. 2011, section 4.2).
/// </summary>
internal sealed class ParzenDensity : IPlaceDensity
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
            return (middle, width, NormalLaw.Below((1 - middle) / width) - NormalLaw.Below(-middle / width));
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

    public double At(double place) => (1 + _parts.Sum(part => NormalLaw.Density((place - part.Middle) / part.Width) / (part.Width * part.Mass))) / (_parts.Length + 1);
}
