namespace Microsoft.ML.FeatureMining.Reports;

/// <summary>Distances of the marks on an axis.</summary>
internal static class RoundStep
{
    /// <summary>1, 2 or 5 times a power of ten, and no less than asked for; 1 where nothing is.</summary>
    public static double Of(double least)
    {
        double power = least > 0 ? Math.Pow(10, Math.Floor(Math.Log10(least))) : 1;
        return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10);
    }
}
