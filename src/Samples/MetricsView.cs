using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;

namespace Samples;

/// <summary>Metrics of a model on held-out pictures: ML.NET's own, or those of sets of classes.</summary>
internal static class MetricsView
{
    // A wider table than this tells nobody anything.
    private const int LargestTable = 20;

    public static Measured Evaluate(MLContext ml, ITransformer model, IDataView test, int topK)
    {
        IDataView scored = model.Transform(test);
        return scored.Schema["PredictedLabel"].Type is VectorDataViewType ? OfSets(ml, scored) : OfClasses(ml, scored, topK);
    }

    private static Measured OfClasses(MLContext ml, IDataView scored, int topK)
    {
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

        return new Measured(metrics.MicroAccuracy, new { metrics.MicroAccuracy, metrics.MacroAccuracy, metrics.TopKAccuracy, metrics.LogLoss });
    }

    private static Measured OfSets(MLContext ml, IDataView scored)
    {
        MultilabelClassificationMetrics metrics = ml.MultilabelClassification().Evaluate(scored);
        LabelMetrics micro = metrics.Micro;
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"mAP {metrics.MeanAveragePrecision:p2}   micro precision {micro.Precision:p2}, recall {micro.Recall:p2}, F1 {micro.F1:p2}   macro F1 {metrics.MacroF1:p2}   all classes right {metrics.SubsetAccuracy:p2}"));
        Console.WriteLine($"{"",-20}{"TP",6}{"FP",6}{"FN",6}{"TN",6}{"precision",11}{"recall",9}{"F1",9}{"AP",9}");
        foreach (LabelMetrics entry in metrics.Classes)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{entry.Name,-20}{entry.TruePositives,6}{entry.FalsePositives,6}{entry.FalseNegatives,6}{entry.TrueNegatives,6}{entry.Precision,11:p1}{entry.Recall,9:p1}{entry.F1,9:p1}{entry.AveragePrecision,9:p1}"));
        }

        return new Measured(micro.F1 ?? 0, new { metrics.MeanAveragePrecision, micro.Precision, micro.Recall, micro.F1, micro.TruePositives, micro.FalsePositives, micro.FalseNegatives, micro.TrueNegatives, metrics.MacroF1, metrics.SubsetAccuracy, metrics.JaccardIndex, metrics.Classes });
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
