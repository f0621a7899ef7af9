using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Reports;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

public sealed class PairedComparisonTests
{
    // 2 * sum of C(n, i) / 2^n for i up to the smaller count.
    [Theory]
    [InlineData(0, 0, 1.0)]
    [InlineData(5, 5, 1.0)]
    [InlineData(1, 8, 20.0 / 512)]
    [InlineData(8, 1, 20.0 / 512)]
    [InlineData(0, 6, 2.0 / 64)]
    [InlineData(2, 10, 2 * 79.0 / 4096)]
    public void PValue_IsThatOfTheExactTest(int first, int second, double expected) =>
        Assert.Equal(expected, new PairedComparison(100, first, second).PValue, 12);

    [Fact]
    public void PValue_ManyRows_IsFinite() => Assert.Equal(0.9, new PairedComparison(10_000, 2000, 2010).PValue, 0.03);

    [Fact]
    public void Of_RowsThatOnlyOneModelMeasured_AreNotCompared()
    {
        Dictionary<long, bool> first = new()
        {
            [0] = true,
            [1] = true,
            [2] = false,
            [3] = true,
        };
        Dictionary<long, bool> second = new()
        {
            [1] = false,
            [2] = true,
            [3] = true,
            [4] = true,
        };

        Assert.Equal(new PairedComparison(3, 1, 1), PairedComparison.Of(first, second));
    }

    [Fact]
    public void Comparison_Section_HasNumberAccuracyAndPOfEachModel()
    {
        Dictionary<long, bool> one = Enumerable.Range(0, 10).ToDictionary(row => (long)row, row => row < 1);
        Dictionary<long, bool> other = Enumerable.Range(0, 10).ToDictionary(row => (long)row, row => row is >= 1 and < 9);

        ReportSection section = EvaluationSections.Comparison([("this", one), ("other", other)]);

        string[] cells = [.. section.Content.Last().Descendants("tr").Last().Elements().Select(cell => cell.Value)];
        Assert.Equal(["other", "10", "80.0 %", "+70.0 %", "8", "1", "0.039"], cells);
    }
}
