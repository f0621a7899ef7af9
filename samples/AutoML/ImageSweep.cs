using Microsoft.ML;
using Microsoft.ML.AutoML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.SearchSpace;

namespace AutoMLSample;

/// <summary>ML.NET's AutoML looks for the settings of an image classifier.</summary>
internal static class ImageSweep
{
    /// <param name="ml">The context.</param>
    /// <param name="train">Rows with ImagePath and Label.</param>
    /// <param name="validation">Others, which decide.</param>
    /// <param name="options">Sets what is not to vary, on a copy of what AutoML chose.</param>
    public static AutoMLExperiment Experiment(MLContext ml, IDataView train, IDataView validation, Func<FeatureMiningOptions, FeatureMiningOptions> options)
    {
        // What carries a [Range], [Choice] or [BooleanChoice]; entries can be removed, and others set.
        SearchSpace<FeatureMiningOptions> space = new();
        SweepableEstimator trainer = ml.Auto()
            .CreateSweepableEstimator((context, swept) => context.MulticlassClassification.Trainers.FeatureMining(options(swept)), space);
        SweepablePipeline pipeline = ml.Transforms.Conversion.MapValueToKey("Label").Append(trainer);
        return ml.Auto()
            .CreateExperiment()
            .SetPipeline(pipeline)
            .SetDataset(train, validation)
            .SetMulticlassClassificationMetric(MulticlassClassificationMetric.MicroAccuracy, labelColumn: "Label");
    }
}
