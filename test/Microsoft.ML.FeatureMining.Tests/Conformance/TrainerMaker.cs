using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>One trainer of the catalog, by both of its overloads, on the smallest pictures.</summary>
internal abstract class TrainerMaker(Func<MLContext, IDataView, ImageClassificationTrainer> byNames)
{
    public Func<MLContext, IDataView, ImageClassificationTrainer> ByNames { get; } = byNames;

    public abstract ImageClassificationTrainer Make(MLContext ml, Func<ImageClassificationOptions, ImageClassificationOptions>? change = null);

    protected static ImageClassificationOptions Small(ImageClassificationOptions options) => options with
    {
        Backbone = Tiny.Options.Backbone,
        ImageHeight = Tiny.Options.ImageHeight,
        ImageWidth = Tiny.Options.ImageWidth,
        Epochs = 2,
        BatchSize = Tiny.Options.BatchSize,
        LearningRate = Tiny.Options.LearningRate,
        Seed = 1,
        ScoringBatchSize = Tiny.Options.ScoringBatchSize,
    };
}
