namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Whether a probability means what it says (Guo et al. 2017, "On Calibration of Modern Neural Networks", section 2).</summary>
public sealed class Calibration
{
    internal Calibration(IReadOnlyList<CalibrationBin> bins) => Bins = bins;

    /// <summary>15 bins of equal width over (0, 1]: a reliability diagram.</summary>
    public IReadOnlyList<CalibrationBin> Bins { get; }

    /// <summary>ECE, equation 3: the mean over all rows of |accuracy - confidence| of the row's bin, in [0, 1]; 0 where there are no rows.</summary>
    public double ExpectedError => Bins.Sum(bin => bin.Count) is > 0 and int rows ? Bins.Sum(bin => bin.Count * Gap(bin)) / rows : 0;

    /// <summary>MCE, equation 5: the largest |accuracy - confidence| of a bin with rows, in [0, 1].</summary>
    public double MaximumError => Bins.Where(bin => bin.Count > 0).Select(Gap).DefaultIfEmpty().Max();

    private static double Gap(CalibrationBin bin) => Math.Abs(bin.Accuracy - bin.Confidence);
}
