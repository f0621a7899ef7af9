using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>One trainer of the catalog, by both of its overloads, on the smallest pictures.</summary>
internal abstract class TrainerMaker
{
    /// <summary>Whether its label is a set of classes.</summary>
    public bool IsMultilabel { get; init; }

    /// <summary>Keys of the strategies that it brings along.</summary>
    public IReadOnlyList<string> Strategies { get; init; } = [];

    /// <summary>Made by the names of its columns: Color, Picture, Probability and Guess.</summary>
    public required Func<MLContext, IDataView, ImageClassificationTrainer> ByNames { get; init; }

    public abstract ImageClassificationTrainer Make(TrainedModel trained, MLContext ml, Func<ImageClassificationOptions, ImageClassificationOptions>? change = null);

    /// <summary>Rows that it takes: Label, a key or the name of the class, and Image.</summary>
    public IDataView Rows(TrainedModel trained) => IsMultilabel
        ? trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Fit(trained.Rows).Transform(trained.Rows)
        : trained.Loaded;

    /// <summary>The share of rows that are right, in [0, 1].</summary>
    public double Evaluate(MLContext ml, IDataView scored, string label = "Label", string score = "Score", string predicted = "PredictedLabel") => IsMultilabel
        ? ml.MultilabelClassification().Evaluate(scored, label, score).SubsetAccuracy
        : ml.MulticlassClassification.Evaluate(scored, label, score, predicted).MicroAccuracy;

    public ITransformer[] CrossValidate(MLContext ml, IDataView rows, IEstimator<ITransformer> trainer) => IsMultilabel
        ? [.. ml.MultilabelClassification().CrossValidate(rows, trainer, 2).Select(fold => fold.Model)]
        : [.. ml.MulticlassClassification.CrossValidate(rows, trainer, 2).Select(fold => fold.Model)];

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
