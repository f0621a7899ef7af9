using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;

namespace Samples;

/// <summary>Metrics of a model on held-out images.</summary>
/// <param name="Headline">The number that a script may check, in [0, 1]: micro accuracy; for multi-label models micro F1.</param>
/// <param name="Details">All metrics, for a report.</param>
internal sealed record Measured(double Headline, object Details);

/// <summary>Evaluates a model on held-out images and prints its metrics: ML.NET's own, or those of a multi-label model.</summary>
internal static class MetricsView
{
    // More classes than this make the table too wide to read.
    private const int LargestTable = 20;

    public static Measured Evaluate(MLContext ml, ITransformer model, IDataView test, int topK) => Show(Metrics.Measure(ml, model.Transform(test)), topK);

    /// <summary>Prints metrics.</summary>
    public static Measured Show(Metrics metrics, int topK) =>
        metrics.Multilabel is { } multilabel ? Multilabel(multilabel) : Multiclass(metrics.Multiclass!, topK);

    private static Measured Multiclass(ClassificationReport report, int topK)
    {
        int k = Math.Min(topK, report.Classes.Count);
        double macro = report.Classes.Where(entry => entry.Rows > 0).Average(entry => entry.Recall!.Value);
        Show(report.Coverage);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"micro accuracy {report.Accuracy:p2}   macro accuracy {macro:p2}   top-{k} accuracy {report.TopKAccuracy(k):p2}   log-loss {report.LogLoss:f4}"
            )
        );
        Console.WriteLine(report.Classes.Count <= LargestTable ? ConfusionTable(report) : MostConfused(report));
        return new Measured(
            report.Accuracy,
            new
            {
                MicroAccuracy = report.Accuracy,
                MacroAccuracy = macro,
                TopKAccuracy = report.TopKAccuracy(k),
                report.LogLoss,
                report.Rows,
                report.Coverage.LeftOut,
                Coverage = report.Coverage.ToString(),
            }
        );
    }

    // Whoever reads only the numbers must see that they are not about all rows.
    public static void Show(RowCoverage coverage)
    {
        Console.WriteLine();
        Console.WriteLine(coverage.ToString());
        if (coverage.LeftOut > 0 || coverage.UnknownClasses.Count > 0)
        {
            Console.Error.WriteLine($"warning: {coverage}");
        }
    }

    // One row per actual class, one column per predicted class.
    private static string ConfusionTable(ClassificationReport report)
    {
        int names = Math.Clamp(report.Classes.Max(entry => entry.Name.Length), 15, 24),
            cells = Math.Max(4, report.Rows.ToString(CultureInfo.InvariantCulture).Length + 1);
        StringBuilder table = new();
        table.AppendLine();
        table.Append("actual \\ predicted".PadRight(names + 4));
        table.AppendLine(string.Concat(report.Classes.Select((_, i) => Text(i).PadLeft(cells))) + "   recall");
        foreach ((int row, ClassMetrics entry) in report.Classes.Index())
        {
            string name = TerminalText.Of(entry.Name);
            table.Append(CultureInfo.InvariantCulture, $"{row, 3} {(name.Length > names ? name[..names] : name.PadRight(names))}");
            table.Append(string.Concat(report.Classes.Select((_, column) => Text(report.Count(row, column)).PadLeft(cells))));
            table.AppendLine(entry.Recall is { } recall ? recall.ToString("p1", CultureInfo.InvariantCulture).PadLeft(9) : "        -");
        }

        return table.ToString();

        static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
    }

    private static Measured Multilabel(MultilabelClassificationMetrics metrics)
    {
        LabelMetrics micro = metrics.Micro;
        Show(metrics.Coverage);
        Console.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"mAP {metrics.MeanAveragePrecision:p2}   micro precision {micro.Precision:p2}, recall {micro.Recall:p2}, F1 {micro.F1:p2}   macro F1 "
                    + $"{metrics.MacroF1:p2}"
                    + $"   all classes right {metrics.SubsetAccuracy:p2}"
            )
        );
        Console.WriteLine($"{"", -20}{"TP", 6}{"FP", 6}{"FN", 6}{"TN", 6}{"precision", 11}{"recall", 9}{"F1", 9}{"AP", 9}");
        foreach (LabelMetrics entry in metrics.Classes)
        {
            Console.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{TerminalText.Of(entry.Name), -20}{entry.TruePositives, 6}{entry.FalsePositives, 6}{entry.FalseNegatives, 6}{entry.TrueNegatives, 6}"
                        + $"{entry.Precision, 11:p1}{entry.Recall, 9:p1}{entry.F1, 9:p1}{entry.AveragePrecision, 9:p1}"
                )
            );
        }

        return new Measured(
            micro.F1 ?? 0,
            new
            {
                metrics.MeanAveragePrecision,
                micro.Precision,
                micro.Recall,
                micro.F1,
                micro.TruePositives,
                micro.FalsePositives,
                micro.FalseNegatives,
                micro.TrueNegatives,
                metrics.MacroF1,
                metrics.SubsetAccuracy,
                metrics.JaccardIndex,
                metrics.Rows,
                metrics.Coverage.LeftOut,
                Coverage = metrics.Coverage.ToString(),
                metrics.Classes,
            }
        );
    }

    private static string MostConfused(ClassificationReport report)
    {
        IEnumerable<string> worst = report
            .MostConfused(10)
            .Select(pair => $"  {TerminalText.Of(pair.Actual)} taken for {TerminalText.Of(pair.Predicted)}: {pair.Count} times");
        return $"most confused:{Environment.NewLine}{string.Join(Environment.NewLine, worst)}";
    }
}

/// <summary>The class names in the order of a Score column's values.</summary>
internal static class ClassNames
{
    private const string TrainingLabelValues = "TrainingLabelValues";

    public static string[] Of(DataViewSchema.Column score)
    {
        VectorDataViewType? values = score.Annotations.Schema.GetColumnOrNull(TrainingLabelValues)?.Type as VectorDataViewType;
        return values?.ItemType switch
        {
            TextDataViewType => Read<ReadOnlyMemory<char>>(score),
            NumberDataViewType item when item.RawType == typeof(uint) => Read<uint>(score),
            _ when score.HasSlotNames() => SlotNames(score),
            _ => [.. Enumerable.Range(0, ((VectorDataViewType)score.Type).Size).Select(index => index.ToString(CultureInfo.InvariantCulture))],
        };
    }

    private static string[] SlotNames(DataViewSchema.Column score)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        score.GetSlotNames(ref names);
        return [.. names.DenseValues().Select(name => $"{name}")];
    }

    private static string[] Read<T>(DataViewSchema.Column score)
    {
        VBuffer<T> names = default;
        score.Annotations.GetValue(TrainingLabelValues, ref names);
        return [.. names.DenseValues().Select(name => $"{name}")];
    }
}

/// <summary>Results as JSON, for scripts.</summary>
internal static class JsonReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Replaces the file when the report is complete.</summary>
    public static void Write(FileInfo file, object report)
    {
        file.Directory?.Create();
        OutputFile.Write(file.FullName, JsonSerializer.SerializeToUtf8Bytes(report, Json));
    }
}
