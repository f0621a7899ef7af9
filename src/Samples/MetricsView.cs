using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace Samples;

/// <summary>ML.NET's own metrics of a model on held-out pictures.</summary>
internal static class MetricsView
{
    // A wider table than this tells nobody anything.
    private const int LargestTable = 20;

    public static MulticlassClassificationMetrics Evaluate(MLContext ml, ITransformer model, IDataView test, int topK)
    {
        IDataView scored = model.Transform(test);
        DataViewSchema.Column score = scored.Schema["Score"];
        int classes = ((VectorDataViewType)score.Type).Size;
        int k = Math.Min(topK, classes);
        MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(scored, topKPredictionCount: k);
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"micro accuracy {metrics.MicroAccuracy:p2}   macro accuracy {metrics.MacroAccuracy:p2}   top-{k} accuracy {metrics.TopKAccuracy:p2}   log-loss {metrics.LogLoss:f4}"));
        if (classes <= LargestTable)
        {
            Console.WriteLine(metrics.ConfusionMatrix.GetFormattedConfusionTable());
        }
        else
        {
            Console.WriteLine(MostConfused(metrics.ConfusionMatrix, ClassNames.Of(score)));
        }

        return metrics;
    }

    private static string MostConfused(ConfusionMatrix matrix, string[] names)
    {
        IEnumerable<(int Actual, int Predicted, double Count)> cells =
            from actual in Enumerable.Range(0, matrix.NumberOfClasses)
            from predicted in Enumerable.Range(0, matrix.NumberOfClasses)
            where actual != predicted
            select (actual, predicted, matrix.Counts[actual][predicted]);
        IEnumerable<string> worst = cells.Where(cell => cell.Count > 0).OrderByDescending(cell => cell.Count).Take(10)
            .Select(cell => $"  {names[cell.Actual]} taken for {names[cell.Predicted]}: {cell.Count} times");
        return $"most confused:{Environment.NewLine}{string.Join(Environment.NewLine, worst)}";
    }
}
