using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace Samples.Reproduce;

/// <summary>What runs of one row measured, one value a seed.</summary>
/// <param name="Values">In the order of the seeds.</param>
internal sealed record Sample(IReadOnlyList<double> Values)
{
    public int Count => Values.Count;

    public double Mean => Values.Mean();

    /// <summary>The standard deviation of a sample, with n - 1; null of fewer than two.</summary>
    public double? Std => Count < 2 ? null : Values.StandardDeviation();

    /// <summary>Student's t test of independent samples of equal variance, two-sided, as the papers do; null where a sample has fewer than two values or nothing varies.</summary>
    public double? PValue(Sample other)
    {
        int freedom = Count + other.Count - 2;
        if (Std is not { } mine || other.Std is not { } theirs)
        {
            return null;
        }

        double variance = ((Count - 1) * mine * mine + (other.Count - 1) * theirs * theirs) / freedom;
        double t = (Mean - other.Mean) / Math.Sqrt(variance * (1.0 / Count + 1.0 / other.Count));
        return variance == 0 ? null : 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(t));
    }
}
