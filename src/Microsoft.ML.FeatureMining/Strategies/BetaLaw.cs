using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>Draws from Beta(a, a), a symmetric law on [0, 1]; uniform for a = 1, and ever nearer to a coin for smaller a.</summary>
internal static class BetaLaw
{
    public static double Draw(double shape, RandomStream random) =>
        // Two gamma variates in proportion, in logarithms, because those of a small shape underflow.
        1 / (1 + Math.Exp(LogGamma(shape, random) - LogGamma(shape, random)));

    /// <summary>The logarithm of a gamma variate: Marsaglia and Tsang 2000 for shape + 1, brought down by a uniform number to the power of 1 / shape.</summary>
    private static double LogGamma(double shape, RandomStream random)
    {
        double d = shape + 1 - 1.0 / 3;
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = random.NextGaussian();
            double cube = Math.Pow(1 + c * normal, 3);
            double uniform = 1 - random.NextDouble();
            if (cube > 0 && Math.Log(uniform) < normal * normal / 2 + d * (1 - cube + Math.Log(cube)))
            {
                return Math.Log(d * cube) + Math.Log(1 - random.NextDouble()) / shape;
            }
        }
    }
}
