using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>How often each of n values was taken, each having been taken once before all (Bergstra et al. 2011, section 4: the prior's weight is that of one trial a value).</summary>
internal sealed class ChoiceDensity : IPlaceDensity
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
