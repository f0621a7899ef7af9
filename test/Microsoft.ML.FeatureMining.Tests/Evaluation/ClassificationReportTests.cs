using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Native;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

/// <summary>Compares each metric with its definition. Literals were computed by hand and agree with scikit-learn's classification_report.</summary>
public sealed class ClassificationReportTests
{
    private static readonly string[] Names = ["cat", "dog", "owl"];

    // Rows: actual 0 0 0 1 1 2; predicted 0 0 1 1 0 0.
    private static readonly (int Actual, float[] Scores)[] Rows =
    [
        (0, [0.7f, 0.2f, 0.1f]),
        (0, [0.5f, 0.3f, 0.2f]),
        (0, [0.15f, 0.62f, 0.23f]),
        (1, [0.1f, 0.78f, 0.12f]),
        (1, [0.9f, 0.05f, 0.05f]),
        (2, [0.5f, 0.2f, 0.3f]),
    ];

    [Fact]
    public void Count_SixRows_MatchesTheConfusionMatrix()
    {
        ClassificationReport report = Of(Rows);

        Assert.Equal(6, report.Rows);
        Assert.Equal(
            [2, 1, 0, 1, 1, 0, 1, 0, 0],
            from actual in Enumerable.Range(0, 3)
            from predicted in Enumerable.Range(0, 3)
            select report.Count(actual, predicted)
        );
        Assert.Equal([new ClassMetrics("cat", 3, 4, 2), new ClassMetrics("dog", 2, 2, 1), new ClassMetrics("owl", 1, 0, 0)], report.Classes);
    }

    [Fact]
    public void Measures_SixRows_AreTheirDefinitions()
    {
        ClassificationReport report = Of(Rows);

        Assert.Equal(3 / 6.0, report.Accuracy, 12);
        Assert.Equal([0.5, 0.5, null], report.Classes.Select(entry => entry.Precision));
        Assert.Equal([2 / 3.0, 0.5, 0], report.Classes.Select(entry => entry.Recall));
        Assert.Equal([4 / 7.0, 0.5, 0], report.Classes.Select(entry => entry.F1));
        Assert.Equal((0.5 + 0.5 + 0) / 3, report.MacroPrecision, 12);
        Assert.Equal((2 / 3.0 + 0.5 + 0) / 3, report.MacroRecall, 12);
        Assert.Equal((4 / 7.0 + 0.5 + 0) / 3, report.MacroF1, 12);
        Assert.Equal((3 * 4 / 7.0 + 2 * 0.5 + 0) / 6, report.WeightedF1, 12);
        Assert.Equal(-new[] { 0.7, 0.5, 0.15, 0.78, 0.05, 0.3 }.Average(Math.Log), report.LogLoss, 6);
        Assert.Equal([3 / 6.0, 5 / 6.0, 1], Enumerable.Range(1, 3).Select(report.TopKAccuracy));
    }

    [Fact]
    public void MostConfused_SixRows_AreOrderedByCountAndFraction() =>
        Assert.Equal(
            [new ConfusedPair("owl", "cat", 1, 1), new ConfusedPair("dog", "cat", 1, 0.5), new ConfusedPair("cat", "dog", 1, 1 / 3.0)],
            Of(Rows).MostConfused(10)
        );

    [Fact]
    public void Worst_TwoOfSix_HaveTheHighestLoss()
    {
        ClassificationReport report = Of(Rows, worst: 2);

        Assert.Equal([4, 2], report.Worst.Select(image => image.Row));
        Assert.Equal(-Math.Log(0.05), report.Worst[0].Loss, 5);
        Assert.Equal(("file 4", 1, 0), (report.Worst[0].File, report.Worst[0].Actual, report.Worst[0].Predicted));
        Assert.Empty(Of(Rows, worst: 0).Worst);
    }

    [Fact]
    public void Calibration_SixRows_IsTheMeanGapOfTheirBins()
    {
        Calibration calibration = Of(Rows).Calibration;

        // Confidences 0.5, 0.5 (one right) in bin 7; 0.62 (wrong) in bin 9; 0.7 (right) in bin 10; 0.78 (right) in bin 11; 0.9 (wrong) in bin 13.
        Assert.Equal(
            [(7, 2), (9, 1), (10, 1), (11, 1), (13, 1)],
            calibration.Bins.Index().Where(bin => bin.Item.Count > 0).Select(bin => (bin.Index, bin.Item.Count))
        );
        Assert.Equal((2 * 0 + 0.62 + 0.3 + 0.22 + 0.9) / 6, calibration.ExpectedError, 6);
        Assert.Equal(0.9, calibration.MaximumError, 6);
    }

    [Fact]
    public void Calibration_AlwaysCertainAndCorrect_HasNoError()
    {
        Calibration calibration = Of([(0, [1, 0]), (1, [0, 1])], names: ["a", "b"]).Calibration;

        Assert.Equal((0.0, 2), (calibration.ExpectedError, calibration.Bins[^1].Count));
    }

    [Fact]
    public void Rows_WithoutLabelOrImage_AreCountedSeparately()
    {
        ReportBuilder builder = new(Names, 3);
        builder.Add(0, null, null, [0.2f, 0.3f, 0.5f]);
        builder.Add(1, null, 1, [float.NaN, float.NaN, float.NaN]);

        ClassificationReport report = builder.Build();

        Assert.Equal((0, 1, 1), (report.Rows, report.Unlabeled, report.Unreadable));
        Assert.All(
            [report.Accuracy, report.LogLoss, report.MacroF1, report.WeightedF1, report.Calibration.ExpectedError, report.Calibration.MaximumError],
            value => Assert.Equal(0, value)
        );
    }

    [Fact]
    public void TopKAccuracy_EqualScores_RanksTheFirstClassHigher()
    {
        ClassificationReport report = Of([(0, [0.5f, 0.5f, 0]), (1, [0.5f, 0.5f, 0])]);

        Assert.Equal([0.5, 1], new[] { 1, 2 }.Select(report.TopKAccuracy));
    }

    [Fact]
    public void Report_AnyRows_AgreesWithItself() =>
        PropertyAssert.Holds(
            Prop.ForAll(
                ArbMap.Default.ArbFor<(byte Actual, byte First, byte Second, byte Third)[]>(),
                drawn =>
                {
                    (int Actual, float[] Scores)[] rows = [.. drawn.Select(row => (row.Actual % 3, Normalized(row.First, row.Second, row.Third)))];
                    ClassificationReport report = Of(rows);
                    return report.Rows == rows.Length
                        && report.Classes.Sum(entry => entry.Correct)
                            == rows.Count(row =>
                                row.Scores[row.Actual] > row.Scores.Take(row.Actual).DefaultIfEmpty(-1).Max() && row.Scores[row.Actual] >= row.Scores.Max()
                            )
                        && Math.Abs(report.Accuracy - (rows.Length == 0 ? 0 : (double)report.Classes.Sum(entry => entry.Correct) / rows.Length)) < 1e-12
                        && report.Calibration.Bins.Sum(bin => bin.Count) == rows.Length
                        && report.Calibration.ExpectedError <= report.Calibration.MaximumError + 1e-12
                        && report.MostConfused(9).Sum(pair => pair.Count) == rows.Length - report.Classes.Sum(entry => entry.Correct)
                        && report.Worst.Zip(report.Worst.Skip(1), (one, next) => one.Loss >= next.Loss).All(ordered => ordered)
                        && (rows.Length == 0 || report.TopKAccuracy(3) == 1);
                }
            )
        );

    private static float[] Normalized(params byte[] values) => [.. values.Select(value => (value + 1f) / (values.Sum(each => each) + values.Length))];

    private static ClassificationReport Of((int Actual, float[] Scores)[] rows, int worst = 24, string[]? names = null)
    {
        ReportBuilder builder = new(names ?? Names, worst);
        foreach ((int row, (int actual, float[] scores)) in rows.Index())
        {
            builder.Add(row, $"file {row}", actual, scores);
        }

        return builder.Build();
    }
}
