using Microsoft.ML.FeatureMining.Evaluation;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

public sealed class RowCoverageTests
{
    [Fact]
    public void ToString_RowsLeftOut_SaysHowManyAndWhy() =>
        Assert.Equal(
            "57 of 63 rows measured; left out: 3 of unknown classes (Pansy 2; the model has 'pansy', which differs in case, fern 1), 1 unreadable, 2 without a label",
            new RowCoverage(57, 2, 1, [new("Pansy", 2, "pansy"), new("fern", 1, null)]).ToString()
        );

    [Fact]
    public void ToString_AllRows_SaysSo() => Assert.Equal("60 rows measured", new RowCoverage(60, 0, 0, []).ToString());

    [Fact]
    public void ToString_ManyUnknownClasses_NamesTheFirst() =>
        Assert.Contains(
            "f0 9, f1 9, f2 9, f3 9, f4 9 and 3 more",
            new RowCoverage(1, 0, 0, [.. Enumerable.Range(0, 8).Select(i => new UnknownClass($"f{i}", 9, null))]).ToString(),
            StringComparison.Ordinal
        );

    [Fact]
    public void UnknownLabelsOfMultilabelRows_DoNotLeaveOutTheRows()
    {
        RowCoverage coverage = new(5, 0, 0, [new("fern", 2, null)], isMultilabel: true);

        Assert.Equal((5, 0), (coverage.Total, coverage.LeftOut));
        Assert.Equal("5 rows measured; labels of unknown classes were ignored: fern 2", coverage.ToString());
    }
}
