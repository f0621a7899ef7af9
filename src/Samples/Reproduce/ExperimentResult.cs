using System.Text.Json;

namespace Samples.Reproduce;

/// <summary>What has been run of an experiment so far.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Scale">Its scale.</param>
/// <param name="Rows">In the table's order.</param>
/// <param name="Curves">By row, where the experiment shows them: validation accuracy in percent after each epoch, the mean over the seeds.</param>
internal sealed record ExperimentResult(Experiment Experiment, Scale Scale, IReadOnlyList<ResultRow> Rows, IReadOnlyDictionary<string, IReadOnlyList<double>> Curves)
{
    public Recipe Recipe => Experiment.Recipes[Scale];

    /// <summary>Which measure differences are taken of: the first that was measured at this scale.</summary>
    public int Primary => Math.Max(0, Experiment.Measures.Index().FirstOrDefault(measure => Rows.Any(row => row.Samples[measure.Index].Count > 0), (-1, null!)).Index);

    /// <summary>What a row measured of <see cref="Primary"/>.</summary>
    public Sample Of(ResultRow row) => row.Samples[Primary];

    /// <summary>The difference of a row to the one that it is compared with, and its p; null where one of them was not measured.</summary>
    public (double Difference, double? PValue)? Comparison(ResultRow row) => Baseline(row) is { } baseline && Of(row).Count > 0 && Of(baseline).Count > 0
        ? (Of(row).Mean - Of(baseline).Mean, Of(row).PValue(Of(baseline)))
        : null;

    /// <summary>The paper's difference in its first measure.</summary>
    public double? PublishedDifference(ResultRow row) => row.Row.Published.FirstOrDefault()?.Value - Baseline(row)?.Row.Published.FirstOrDefault()?.Value;

    public static ExperimentResult Of(Experiment experiment, Scale scale, IEnumerable<ExperimentRun> runs)
    {
        ILookup<Row, (ExperimentRun Run, JsonElement? Report)> byRow = runs.OrderBy(run => run.Seed).Select(run => (run, run.Result())).ToLookup(entry => entry.run.Row);
        return new ExperimentResult(
            experiment,
            scale,
            [.. experiment.RowsAt(scale).Where(byRow.Contains).Select(row => new ResultRow(row, byRow[row].First().Run.Command, [.. experiment.Measures.Select(measure => new Sample([.. Reports(row).Select(measure.Read).OfType<double>()]))]))],
            experiment.Curves ? experiment.RowsAt(scale).Where(row => Reports(row).Any()).ToDictionary(row => row.Name, row => Curve([.. Reports(row)])) : new Dictionary<string, IReadOnlyList<double>>());

        IEnumerable<JsonElement> Reports(Row row) => byRow[row].Select(entry => entry.Report).OfType<JsonElement>();
    }

    /// <summary>The row that a row is compared with; null for the first of a group.</summary>
    public ResultRow? Baseline(ResultRow row)
    {
        ResultRow? baseline = row.Row.Against is { } name
            ? Rows.FirstOrDefault(other => other.Row.Name == name && other.Row.Group == row.Row.Group)
            : Rows.FirstOrDefault(other => other.Row.Group == row.Row.Group);
        return baseline == row ? null : baseline;
    }

    private static IReadOnlyList<double> Curve(JsonElement[] reports)
    {
        double[][] histories = [.. reports.Select(report => report.GetProperty("history").EnumerateArray().Select(epoch => 100 * epoch.GetProperty("validation_accuracy").GetDouble()).ToArray())];
        return [.. Enumerable.Range(0, histories.Min(history => history.Length)).Select(epoch => histories.Average(history => history[epoch]))];
    }
}
