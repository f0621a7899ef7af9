using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Evaluation;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

/// <summary>Metrics of parts of the rows, merged, are those of one evaluation of all rows.</summary>
public sealed class ShardTests
{
    private const int Rows = 101;
    private static readonly string[] Classes = ["a", "b", "c", "d"];

    [Fact]
    public void Merge_ThreePartsThroughJson_GivesTheSameReportToTheBit()
    {
        ClassificationReport whole = Report(0, Rows);

        ClassificationReport merged = ClassificationReport.Merge(
            new[] { Report(0, 33), Report(33, 34), Report(34, Rows) }.Select(part => ClassificationReport.FromJson(part.ToJson()))
        );

        Assert.Equal(whole.ToJson(), merged.ToJson());
        Assert.Equal(BitConverter.DoubleToInt64Bits(whole.LogLoss), BitConverter.DoubleToInt64Bits(merged.LogLoss));
        Assert.Equal(whole.Calibration.ExpectedError, merged.Calibration.ExpectedError);
        Assert.Equal(whole.TopKAccuracy(2), merged.TopKAccuracy(2));
        Assert.Equal(whole.MacroF1, merged.MacroF1);
        Assert.Equal(whole.Worst, merged.Worst);
        Assert.Equal(whole.Coverage.ToString(), merged.Coverage.ToString());
        Assert.Contains("of unknown classes (z", merged.Coverage.ToString(), StringComparison.Ordinal);
        Assert.Contains("unreadable", merged.Coverage.ToString(), StringComparison.Ordinal);
    }

    // The sum is in units of 2^-64, so it is the mean of the losses, not an approximation with another tolerance.
    [Fact]
    public void LogLoss_IsTheMeanOfTheLosses()
    {
        double[] losses = [.. Measured().Select(row => -Math.Log(row.Probabilities[row.Label!.Value]))];

        Assert.Equal(losses.Average(), Report(0, Rows).LogLoss, 14);
    }

    [Fact]
    public void Merge_APartWithoutARowToMeasure_CountsWhatWasLeftOut()
    {
        ClassificationReport merged = ClassificationReport.Merge([Report(0, Rows), Unlabeled(), Unlabeled()]);

        Assert.Equal(Report(0, Rows).Rows, merged.Rows);
        Assert.Equal(Report(0, Rows).Unlabeled + 2, merged.Unlabeled);
        Assert.Throws<InvalidOperationException>(() => ClassificationReport.Merge([Unlabeled()]));
    }

    [Fact]
    public void Merge_OtherClassesOrNothing_IsAnError()
    {
        Assert.Throws<ArgumentException>(() => ClassificationReport.Merge([]));
        Assert.Throws<ArgumentException>(() => ClassificationReport.Merge([Report(0, Rows), new ReportBuilder(["a", "b"], 1).Build()]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData(
        "{\"classes\":[\"a\"],\"confusion\":[],\"ranks\":[],\"loss\":0,\"calibration\":[],\"unlabeled\":0,\"unreadable\":0,\"unknown\":[],\"most\":0,\"worst\":[]}"
    )]
    public void FromJson_SomethingElse_IsAnError(string json)
    {
        Assert.Throws<InvalidDataException>(() => ClassificationReport.FromJson(json));
        Assert.Throws<InvalidDataException>(() => MultilabelClassificationMetrics.FromJson(json));
    }

    // Sums that overflow, or counts that contradict each other, gave an accuracy of 6E+19 %.
    [Theory]
    [InlineData("confusion", "2147483647")]
    [InlineData("confusion", "-1")]
    [InlineData("ranks", "9223372036854775807")]
    [InlineData("ranks", "-1")]
    [InlineData("unlabeled", "-1")]
    [InlineData("actual", "99")]
    public void FromJson_NumbersThatContradictEachOther_AreAnError(string property, string number)
    {
        string json = Report(0, Rows).ToJson();
        int at = json.IndexOf($"\"{property}\":", StringComparison.Ordinal);
        Match first = Regex.Match(json[at..], "[0-9]+");
        string damaged = json[..(at + first.Index)] + number + json[(at + first.Index + first.Length)..];

        Assert.Throws<InvalidDataException>(() => ClassificationReport.FromJson(damaged));
        Assert.Equal(Report(0, Rows).Accuracy, ClassificationReport.FromJson(json).Accuracy);
    }

    [Fact]
    public void Merge_MultilabelPartsThroughJson_GivesTheSameMetricsToTheBit()
    {
        MultilabelClassificationMetrics whole = Multilabel(0, Rows);

        MultilabelClassificationMetrics merged = MultilabelClassificationMetrics.Merge(
            new[] { Multilabel(0, 20), Multilabel(20, 77), Multilabel(77, Rows) }.Select(part => MultilabelClassificationMetrics.FromJson(part.ToJson()))
        );

        Assert.Equal(whole.ToJson(), merged.ToJson());
        Assert.Equal(whole.Classes, merged.Classes);
        Assert.Equal(BitConverter.DoubleToInt64Bits(whole.JaccardIndex), BitConverter.DoubleToInt64Bits(merged.JaccardIndex));
        Assert.Equal(whole.MeanAveragePrecision, merged.MeanAveragePrecision);
        Assert.Equal(whole.SubsetAccuracy, merged.SubsetAccuracy);
        Assert.Equal(whole.Coverage.ToString(), merged.Coverage.ToString());
        Assert.Throws<ArgumentException>(() => MultilabelClassificationMetrics.Merge([whole, new MultilabelCounter(Classes, 0.4).Read()]));
    }

    private static ClassificationReport Unlabeled()
    {
        ReportBuilder report = new(Classes, 5);
        report.Add(0, null, null, [0.25f, 0.25f, 0.25f, 0.25f]);
        return report.Build();
    }

    // Row numbers count from the start of each part.
    private static ClassificationReport Report(int from, int to)
    {
        ReportBuilder report = new(Classes, 5);
        int unknown = 0;
        for (int row = from; row < to; row++)
        {
            (int? label, float[] probabilities, bool isUnknown) = RowOf(row);
            unknown += isUnknown ? 1 : 0;
            report.Add(row - from, $"{row}.png", label, probabilities);
        }

        report.Unknown = unknown == 0 ? [] : [new UnknownClass("z", unknown, null)];
        return report.Build();
    }

    private static IEnumerable<(int? Label, float[] Probabilities)> Measured() =>
        Enumerable
            .Range(0, Rows)
            .Select(RowOf)
            .Where(row => row.Label is not null && float.IsFinite(row.Probabilities[0]))
            .Select(row => (row.Label, row.Probabilities));

    // Some rows have an unreadable image, an unknown class, or no label.
    private static (int? Label, float[] Probabilities, bool IsUnknown) RowOf(int row)
    {
        Random random = new(row);
        double[] values = [.. Classes.Select(_ => random.NextDouble())];
        float[] probabilities = [.. values.Select(value => (float)(value / values.Sum()))];
        return row % 17 == 3 ? (null, [float.NaN, float.NaN, float.NaN, float.NaN], false)
            : row % 11 == 5 ? (null, probabilities, true)
            : row % 13 == 7 ? (null, probabilities, false)
            : (random.Next(Classes.Length), probabilities, false);
    }

    private static MultilabelClassificationMetrics Multilabel(int from, int to)
    {
        MultilabelCounter counter = new(Classes, 0.3);
        for (int row = from; row < to; row++)
        {
            (int? label, float[] scores, _) = RowOf(row);
            counter.Add(label is { } first ? [.. Classes.Select((_, k) => k == first || (row + k) % 3 == 0 ? 1f : 0f)] : null, scores);
        }

        return counter.Read();
    }
}
