using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace Samples.Reproduce;

/// <summary>The results of the finished runs of an experiment.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Scale">Its scale.</param>
/// <param name="Rows">The rows in the order of the table.</param>
/// <param name="Curves">For experiments with curves, by row: validation accuracy in percent after each epoch, averaged over the seeds.</param>
internal sealed record ExperimentResult(
    Experiment Experiment,
    Scale Scale,
    IReadOnlyList<ResultRow> Rows,
    IReadOnlyDictionary<string, IReadOnlyList<double>> Curves
)
{
    public Recipe Recipe => Experiment.Recipes[Scale];

    /// <summary>The measure that rows are compared by: the first one that was measured at this scale.</summary>
    public int Primary =>
        Math.Max(0, Experiment.Measures.Index().FirstOrDefault(measure => Rows.Any(row => row.Samples[measure.Index].Count > 0), (-1, null!)).Index);

    /// <summary>The values of a row's <see cref="Primary"/> measure.</summary>
    public Sample Of(ResultRow row) => row.Samples[Primary];

    /// <summary>The difference of a row to the one that it is compared with, and its p value; null if one of them was not measured.</summary>
    public (double Difference, double? PValue)? Comparison(ResultRow row)
    {
        if (Baseline(row) is not { } baseline || Of(row).Count == 0 || Of(baseline).Count == 0)
        {
            return null;
        }

        if (!Experiment.IsPaired)
        {
            return (Of(row).Mean - Of(baseline).Mean, Of(row).PValue(Of(baseline)));
        }

        Sample differences = Of(row).Minus(Of(baseline));
        return differences.Count == 0 ? null : (differences.Mean, differences.PValueOfZero());
    }

    /// <summary>The same difference in the paper, in its first measure.</summary>
    public double? PublishedDifference(ResultRow row) => row.Row.Published.FirstOrDefault()?.Value - Baseline(row)?.Row.Published.FirstOrDefault()?.Value;

    public static ExperimentResult Of(Experiment experiment, Scale scale, IEnumerable<ExperimentRun> runs)
    {
        ILookup<Row, (ExperimentRun Run, JsonElement? Report)> byRow = runs.OrderBy(run => run.Seed)
            .Select(run => (run, run.Result()))
            .ToLookup(entry => entry.run.Row);
        return new ExperimentResult(
            experiment,
            scale,
            [
                .. experiment
                    .RowsAt(scale)
                    .Where(byRow.Contains)
                    .Select(row => new ResultRow(row, byRow[row].First().Run.Command, [.. experiment.Measures.Select(Measured(row))])),
            ],
            experiment.Curves
                ? experiment.RowsAt(scale).Where(row => Reports(row).Any()).ToDictionary(row => row.Name, row => Curve([.. Reports(row)]))
                : new Dictionary<string, IReadOnlyList<double>>()
        );

        Func<Measure, Sample> Measured(Row row) =>
            measure => new Sample([
                .. byRow[row]
                    .Select(entry => (entry.Run.Seed, Value: entry.Report is { } report ? measure.Read(report) : null))
                    .Where(entry => entry.Value is not null)
                    .Select(entry => (entry.Seed, entry.Value!.Value)),
            ]);

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
        double[][] histories =
        [
            .. reports.Select(report =>
                report.GetProperty("history").EnumerateArray().Select(epoch => 100 * epoch.GetProperty("validation_accuracy").GetDouble()).ToArray()
            ),
        ];
        return [.. Enumerable.Range(0, histories.Min(history => history.Length)).Select(epoch => histories.Average(history => history[epoch]))];
    }
}

/// <summary>A row with its measured values.</summary>
/// <param name="Row">The row.</param>
/// <param name="Command">The command of its first run.</param>
/// <param name="Samples">One per measure; without values where nothing was measured.</param>
internal sealed record ResultRow(Row Row, string Command, IReadOnlyList<Sample> Samples);

/// <summary>The values of one measure of a row, one per seed.</summary>
/// <param name="OfSeeds">Seeds and values, in the order of the seeds.</param>
internal sealed record Sample(IReadOnlyList<(int Seed, double Value)> OfSeeds)
{
    public IReadOnlyList<double> Values { get; } = [.. OfSeeds.Select(entry => entry.Value)];

    public int Count => Values.Count;

    public double Mean => Values.Mean();

    /// <summary>The sample standard deviation, with n - 1; null for fewer than two values.</summary>
    public double? Std => Count < 2 ? null : Values.StandardDeviation();

    /// <summary>
    /// The p value of Student's two-sided t test for independent samples of equal variance; null if a sample has fewer than two values or
    /// nothing varies.
    /// </summary>
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

    /// <summary>The differences of the values of the seeds that both have.</summary>
    public Sample Minus(Sample other) =>
        new([.. OfSeeds.Join(other.OfSeeds, mine => mine.Seed, theirs => theirs.Seed, (mine, theirs) => (mine.Seed, mine.Value - theirs.Value))]);

    /// <summary>
    /// The p value of Student's two-sided t test of a mean of 0, which for differences is the paired test; null for fewer than two values or if nothing varies.
    /// </summary>
    public double? PValueOfZero() => Std is { } std and > 0 ? 2 * StudentT.CDF(0, 1, Count - 1, -Math.Abs(Mean) / (std / Math.Sqrt(Count))) : null;
}

/// <summary>One number that is read from the report of a run.</summary>
/// <param name="Key">The name in files.</param>
/// <param name="Title">The name with its unit.</param>
/// <param name="Read">Reads the number from a report; null if the report has none.</param>
internal sealed record Measure(string Key, string Title, Func<JsonElement, double?> Read)
{
    /// <summary>"The highest validation accuracy over the full training course", which the Feature Mining paper prints.</summary>
    public static Measure Highest { get; } =
        new("highest", "highest accuracy of the course, %", report => History(report).Select(epoch => Number(epoch, "validation_accuracy")).Max() * 100);

    public static Measure Last { get; } = new("last", "accuracy of the last epoch, %", report => Number(report.GetProperty("test"), "micro_accuracy") * 100);

    /// <summary>Accuracy of the last epoch on the augmented training images; shows overfitting.</summary>
    public static Measure Training { get; } =
        new("training", "training accuracy, %", report => History(report).Select(epoch => Number(epoch, "train_accuracy")).LastOrDefault() * 100);

    public static Measure Seconds { get; } =
        new(
            "seconds",
            "training time, s",
            // An ensemble is not trained itself.
            report =>
                History(report, "earlier_history").Concat(History(report)).ToArray() is { Length: > 0 } epochs
                    ? epochs.Sum(epoch => Number(epoch, "seconds"))
                    : null
        );

    public static Measure MillisecondsPerStep { get; } =
        new(
            "step",
            "time of a step, ms",
            report => 1000 * Median(History(report).Select(epoch => Number(epoch, "seconds")).OfType<double>()) / Number(report, "steps_per_epoch")
        );

    public static Measure Parameters { get; } = new("parameters", "parameters, millions", report => Number(report, "parameters") / 1e6);

    /// <summary>A metric on the held-out images.</summary>
    public static Measure Test(string key, string title, string property, double factor = 1) =>
        new(key, title, report => Number(report.GetProperty("test"), property) * factor);

    /// <summary>A metric of one class on the held-out images, in percent.</summary>
    public static Measure OfClass(int index, string name, string property) =>
        new(
            $"{name}-{property}",
            $"{name}: {property}, %",
            report =>
                report.GetProperty("test").TryGetProperty("classes", out JsonElement classes) && index < classes.GetArrayLength()
                    ? Number(classes[index], property) * 100
                    : null
        );

    /// <summary>Accuracy of one classifier of a Split-and-Share head, counted from 1.</summary>
    public static Measure Classifier(int number) =>
        new(
            $"fc{number}",
            $"FC{number}, %",
            report =>
                report.TryGetProperty("classifiers", out JsonElement accuracies)
                && accuracies.ValueKind == JsonValueKind.Array
                && number <= accuracies.GetArrayLength()
                    ? accuracies[number - 1].GetDouble() * 100
                    : null
        );

    /// <summary>The fraction of a stage's features above 0.5; stages count from 0.</summary>
    public static Measure Active(int stage) =>
        new(
            $"active-{stage + 1}",
            $"stage {stage + 1}: features above 0.5, %",
            report =>
                report.TryGetProperty("activations", out JsonElement stages) && stages.ValueKind == JsonValueKind.Array && stage < stages.GetArrayLength()
                    ? Number(stages[stage], "active_fraction") * 100
                    : null
        );

    // An ensemble has no history.
    private static IEnumerable<JsonElement> History(JsonElement report, string name = "history") =>
        report.TryGetProperty(name, out JsonElement history) ? history.EnumerateArray() : [];

    private static double? Number(JsonElement of, string property) =>
        of.TryGetProperty(property, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>The result of an experiment as JSON, with the value of every seed.</summary>
internal static class ResultJson
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static string Of(ExperimentResult result, string machine) =>
        JsonSerializer.Serialize(
            new
            {
                result.Experiment.Paper,
                Entry = result.Experiment.Key,
                result.Experiment.Title,
                Scale = result.Scale.ToString().ToLowerInvariant(),
                Recipe = result.Recipe.What,
                Machine = machine,
                Rows = result.Rows.Select(row => new
                {
                    row.Row.Group,
                    row.Row.Name,
                    row.Command,
                    Measures = result.Experiment.Measures.Select(
                        (measure, i) =>
                            new
                            {
                                measure.Key,
                                measure.Title,
                                Published = row.Row.Published.ElementAtOrDefault(i),
                                row.Samples[i].Values,
                                N = row.Samples[i].Count,
                                Mean = row.Samples[i].Count > 0 ? row.Samples[i].Mean : (double?)null,
                                StandardDeviation = row.Samples[i].Std,
                            }
                    ),
                    Against = result.Baseline(row)?.Row.Name,
                    result.Comparison(row)?.Difference,
                    Paired = result.Experiment.IsPaired ? true : (bool?)null,
                    result.Comparison(row)?.PValue,
                }),
            },
            Json
        );
}

/// <summary>The result of an experiment as Markdown.</summary>
internal static class ResultMarkdown
{
    public static string Of(ExperimentResult result, string machine)
    {
        Experiment experiment = result.Experiment;
        StringBuilder text = new();
        text.AppendLine($"# {experiment.Title}").AppendLine();
        string scale = result.Scale.ToString().ToLowerInvariant();
        text.AppendLine($"`{experiment.Paper}` {experiment.Key}, scale `{scale}`: {result.Recipe.What} {experiment.Note}".TrimEnd()).AppendLine();
        text.AppendLine(
                $"Mean (standard deviation) of n runs; difference in {experiment.Measures[result.Primary].Title} to the first row of the group, or to "
                    + "the row that is named;"
                    + $" p of Student's t test {(experiment.IsPaired ? "of paired samples, one pair per seed" : "for independent samples")}. {machine}"
            )
            .AppendLine();
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

        yield return (
            "difference",
            row => result.Comparison(row) is var (difference, _) ? $"{Signed(difference)}{(row.Row.Against is { } name ? $" to {name}" : "")}" : ""
        );
        yield return (
            "p",
            row =>
                result.Comparison(row)?.PValue is { } p
                    ? p < 0.001
                        ? "< 0.001"
                        : p.ToString("0.000", CultureInfo.InvariantCulture)
                    : ""
        );
        foreach (
            (int index, Measure measure) in measures.Where(measure => result.Rows.Any(row => row.Row.Published.ElementAtOrDefault(measure.Index) is not null))
        )
        {
            yield return (
                $"the paper: {measure.Title}",
                row => row.Row.Published.ElementAtOrDefault(index) is { } figure ? Cell(figure.Value, figure.Std) : ""
            );
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
