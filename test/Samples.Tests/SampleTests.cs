using Samples.Reproduce;

namespace Samples.Tests;

/// <summary>Student's t test of independent and of paired samples against closed forms.</summary>
public sealed class SampleTests
{
    [Fact]
    public void PValue_TwoDegreesOfFreedom_IsTheClosedForm()
    {
        Sample one = Of(1.0, 3),
            other = Of(4.0, 9);
        // Means 2 and 6.5, variances 2 and 12.5: t = 4.5 / sqrt(7.25); with two degrees of freedom the two tails hold 1 - t / sqrt(2 + t^2).
        double t = 4.5 / Math.Sqrt(7.25);

        Assert.Equal(1 - t / Math.Sqrt(2 + t * t), one.PValue(other)!.Value, 12);
        Assert.Equal(one.PValue(other), other.PValue(one));
    }

    [Fact]
    public void PValue_FiveDegreesOfFreedom_IsTheClosedForm()
    {
        Sample one = Of(15.5, 16.2, 14.9, 15.8),
            other = Of(17.1, 16.9, 18.0);
        // Means 15.6 and 52 / 3; sums of squares about them 0.9 and 2.06 / 3.
        double variance = (0.9 + 2.06 / 3) / 5,
            t = (52.0 / 3 - 15.6) / Math.Sqrt(variance * (1.0 / 4 + 1.0 / 3));
        double angle = Math.Atan(t / Math.Sqrt(5)),
            cosine = Math.Cos(angle);

        // Abramowitz and Stegun 26.7.3.
        Assert.Equal(1 - 2 / Math.PI * (angle + Math.Sin(angle) * (cosine + 2.0 / 3 * cosine * cosine * cosine)), one.PValue(other)!.Value, 12);
    }

    [Fact]
    public void PValue_WithoutSpreadOrWithOneValue_IsNone()
    {
        Assert.Null(Of(1.0).PValue(Of(1.0, 2)));
        Assert.Null(Of(1.0, 1).PValue(Of(2.0, 2)));
        Assert.Null(Of(1.0).Std);
        Assert.Equal(Math.Sqrt(2), Of(1.0, 3).Std!.Value, 12);
    }

    // Two degrees of freedom: p is 1 - t / sqrt(2 + t^2).
    [Fact]
    public void PValueOfZero_OfDifferences_IsThePairedTestOfTheSeedsThatBothHave()
    {
        Sample one = new([(1, 3.0), (2, 5), (4, 10), (5, 100)]);
        Sample other = new([(1, 1.0), (2, 2), (3, 50), (4, 6)]);

        Sample differences = one.Minus(other);

        Assert.Equal([2, 3, 4], differences.Values);
        double t = 3 / (1 / Math.Sqrt(3));
        Assert.Equal(1 - t / Math.Sqrt(2 + t * t), differences.PValueOfZero()!.Value, 12);
        Assert.Null(Of(1).PValueOfZero());
        Assert.Null(Of(1, 1).PValueOfZero());
    }

    private static Sample Of(params double[] values) => new([.. values.Index().Select(entry => (entry.Index + 1, entry.Item))]);
}
