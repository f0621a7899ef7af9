namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>The standard normal law.</summary>
internal static class NormalLaw
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
