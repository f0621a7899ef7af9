using Microsoft.ML.FeatureMining.Evaluation;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

/// <summary>
/// Compares multi-label metrics with numbers computed by hand and, for the average precision, with the example in scikit-learn's documentation.
/// </summary>
public sealed class MultilabelCounterTests
{
    [Fact]
    public void Read_FourRowsOfTwoClasses_MatchesACountByHand()
    {
        MultilabelClassificationMetrics metrics = Of(([1, 0], [0.9f, 0.2f]), ([1, 1], [0.4f, 0.6f]), ([0, 0], [0.7f, 0.1f]), ([0, 0], [0.3f, 0.3f]));

        LabelMetrics first = metrics.Classes[0],
            second = metrics.Classes[1];
        Assert.Equal((1, 1, 1, 1), (first.TruePositives, first.FalsePositives, first.FalseNegatives, first.TrueNegatives));
        Assert.Equal((1, 0, 0, 3), (second.TruePositives, second.FalsePositives, second.FalseNegatives, second.TrueNegatives));
        Assert.Equal((0.5, 0.5, 0.5), (first.Precision, first.Recall, first.F1));
        Assert.Equal((1, 1, 1), (second.Precision, second.Recall, second.F1));
        Assert.Equal((2.0 / 3, 2.0 / 3, 0.75, 0.75), (metrics.Micro.Precision, metrics.Micro.Recall, metrics.MacroPrecision, metrics.MacroF1));
        Assert.Equal(0.5, metrics.SubsetAccuracy);
        Assert.Equal((1 + 0.5 + 0 + 1) / 4, metrics.JaccardIndex);
        // Class 0 in descending order of scores: a hit (precision 1 of 1), a miss at 0.7, a hit (precision 2 of 3).
        Assert.Equal((1 + 2.0 / 3) / 2, first.AveragePrecision!.Value, 1e-12);
        Assert.Equal(((1 + 2.0 / 3) / 2 + 1) / 2, metrics.MeanAveragePrecision, 1e-12);
    }

    [Fact]
    public void AveragePrecision_OfScikitLearnsExample_IsItsValue() =>
        Assert.Equal(0.8333333333, Of(([0], [0.1f]), ([0], [0.4f]), ([1], [0.35f]), ([1], [0.8f])).Classes[0].AveragePrecision!.Value, 1e-9);

    [Fact]
    public void AveragePrecision_EqualScores_IsTheFractionOfPositives() =>
        Assert.Equal(0.25, Of(([0], [0.5f]), ([1], [0.5f]), ([0], [0.5f]), ([0], [0.5f])).Classes[0].AveragePrecision);

    [Fact]
    public void Read_UndefinedMetrics_AreNullAndZeroInMeans()
    {
        MultilabelClassificationMetrics metrics = Of(([0, 1], [0.1f, 0.9f]));

        Assert.Equal(
            (null, null, null, null),
            (metrics.Classes[0].Precision, metrics.Classes[0].Recall, metrics.Classes[0].F1, metrics.Classes[0].AveragePrecision)
        );
        Assert.Equal((0.5, 1), (metrics.MacroF1, metrics.MeanAveragePrecision));
    }

    [Fact]
    public void Read_RowsWithoutLabelOrScore_AreSkipped()
    {
        MultilabelClassificationMetrics metrics = Of((null, [0.5f]), ([1], [float.NaN]), ([1], [0.5f]));

        Assert.Equal((1, 2, 1.0), (metrics.Rows, metrics.UnscoredRows, metrics.SubsetAccuracy));
    }

    [Fact]
    public void Read_NoRows_IsZero() => Assert.Equal((0, 0.0, 0.0), (Of().Rows, Of().SubsetAccuracy, Of().MeanAveragePrecision));

    private static MultilabelClassificationMetrics Of(params (float[]? Actual, float[] Scores)[] rows)
    {
        MultilabelCounter counter = new([.. Enumerable.Range(0, rows.Length == 0 ? 1 : rows[0].Scores.Length).Select(i => $"{i}")], 0.5);
        foreach ((float[]? actual, float[] scores) in rows)
        {
            counter.Add(actual, scores);
        }

        return counter.Read();
    }
}
