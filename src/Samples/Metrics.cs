using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;

namespace Samples;

/// <summary>The metrics of a model of either kind.</summary>
/// <param name="Multiclass">Of a model that gives each image one class; else null.</param>
/// <param name="Multilabel">Of a multi-label model; else null.</param>
internal sealed record Metrics(ClassificationReport? Multiclass, MultilabelClassificationMetrics? Multilabel)
{
    public RowCoverage Coverage => Multilabel?.Coverage ?? Multiclass!.Coverage;

    /// <summary>Measures the output of a model's Transform. In detail, as ML.NET's own Evaluate leaves out rows of unknown classes without telling.</summary>
    /// <exception cref="InvalidOperationException">There is no row to measure.</exception>
    public static Metrics Measure(MLContext ml, IDataView scored) =>
        IsMultilabel(scored)
            ? new Metrics(null, ml.MultilabelClassification().Evaluate(scored))
            : new Metrics(ml.MulticlassClassification.EvaluateInDetail(scored, worst: 0), null);

    /// <summary>Measures a part of the images, which may have none to measure.</summary>
    public static Metrics MeasureShard(MLContext ml, IDataView scored) =>
        IsMultilabel(scored)
            ? new Metrics(null, ml.MultilabelClassification().EvaluateShard(scored))
            : new Metrics(ml.MulticlassClassification.EvaluateShard(scored, worst: 0), null);

    private static bool IsMultilabel(IDataView scored) => scored.Schema["PredictedLabel"].Type is VectorDataViewType;
}
