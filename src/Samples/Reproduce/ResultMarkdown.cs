using System.Globalization;
using System.Text;

namespace Samples.Reproduce;

/// <summary>The result of an experiment as Markdown.</summary>
internal static class ResultMarkdown
{
    public static string Of(ExperimentResult result, string machine)
    {
        Experiment experiment = result.Experiment;
        StringBuilder text = new();
        text.AppendLine($"# {experiment.Title}").AppendLine();
        text.AppendLine($"`{experiment.Paper}` {experiment.Key}, scale `{result.Scale.ToString().ToLowerInvariant()}`: {result.Recipe.What} {experiment.Note}".TrimEnd()).AppendLine();
        text.AppendLine($"Mean (standard deviation) of n runs; difference in {experiment.Measures[result.Primary].Title}, to the first row of the group or to the row that is named; p of Student's t test of independent samples. {machine}").AppendLine();
        (string Head, Func<ResultRow, string> Cell)[] columns = [.. Columns(result)];
        text.AppendLine($"| {string.Join(" | ", columns.Select(column => column.Head))} |").AppendLine($"|{string.Concat(columns.Select(_ => "---|"))}");
        foreach (ResultRow row in result.Rows)
        {
            text.AppendLine($"| {string.Join(" | ", columns.Select(column => column.Cell(row)))} |");
        }

        text.AppendLine().AppendLine("The command of each row with its first seed:").AppendLine().AppendLine("```");
        foreach (ResultRow row in result.Rows)
        {
            text.AppendLine($"# {row.Row.FullName}").AppendLine(row.Command);
        }

        return text.AppendLine("```").ToString();
    }

    private static IEnumerable<(string Head, Func<ResultRow, string> Cell)> Columns(ExperimentResult result)
    {
        (int Index, Measure Measure)[] measures = [.. result.Experiment.Measures.Index()];
        if (result.Rows.Any(row => row.Row.Group is not null))
        {
            yield return ("group", row => row.Row.Group ?? "");
        }

        yield return ("row", row => row.Row.Name);
        yield return ("n", row => result.Of(row).Count.ToString(CultureInfo.InvariantCulture));
        foreach ((int index, Measure measure) in measures.Where(measure => result.Rows.Any(row => row.Samples[measure.Index].Count > 0)))
        {
            yield return (measure.Title, row => row.Samples[index] is { Count: > 0 } sample ? Cell(sample.Mean, sample.Std) : "");
        }

        yield return ("difference", row => result.Comparison(row) is var (difference, _) ? $"{Signed(difference)}{(row.Row.Against is { } name ? $" to {name}" : "")}" : "");
        yield return ("p", row => result.Comparison(row)?.PValue is { } p ? p < 0.001 ? "< 0.001" : p.ToString("0.000", CultureInfo.InvariantCulture) : "");
        foreach ((int index, Measure measure) in measures.Where(measure => result.Rows.Any(row => row.Row.Published.ElementAtOrDefault(measure.Index) is not null)))
        {
            yield return ($"the paper: {measure.Title}", row => row.Row.Published.ElementAtOrDefault(index) is { } figure ? Cell(figure.Value, figure.Std) : "");
        }

        if (result.Rows.Any(row => result.PublishedDifference(row) is not null))
        {
            yield return ("its difference", row => result.PublishedDifference(row) is { } difference ? Signed(difference) : "");
        }
    }

    private static string Cell(double value, double? deviation) => deviation is { } given ? $"{Number(value)} ({Number(given)})" : Number(value);

    private static string Number(double value) => value.ToString(Math.Abs(value) < 1 ? "0.###" : "0.00", CultureInfo.InvariantCulture);

    private static string Signed(double value) => value.ToString("+0.00;-0.00;0.00", CultureInfo.InvariantCulture);
}
