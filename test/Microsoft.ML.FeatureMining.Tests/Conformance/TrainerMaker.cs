using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Creates one trainer of the catalog by both of its overloads, for tiny images.</summary>
internal abstract class TrainerMaker
{
    /// <summary>Whether it is multi-label.</summary>
    public bool IsMultilabel { get; init; }

    /// <summary>The keys of its built-in strategies.</summary>
    public IReadOnlyList<string> Strategies { get; init; } = [];

    /// <summary>Creates the trainer by column names: Color, Picture, Probability and Guess.</summary>
    public required Func<MLContext, IDataView, ImageClassificationTrainer> ByNames { get; init; }

    public abstract ImageClassificationTrainer Make(
        TrainedModel trained,
        MLContext ml,
        Func<ImageClassificationOptions, ImageClassificationOptions>? change = null
    );

    /// <summary>Rows with the columns Label (a key or the name of the class) and Image.</summary>
    public IDataView Rows(TrainedModel trained) =>
        IsMultilabel ? trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Fit(trained.Rows).Transform(trained.Rows) : trained.Loaded;

    /// <summary>The fraction of rows that are classified correctly, in [0, 1].</summary>
    public double Evaluate(MLContext ml, IDataView scored, string label = "Label", string score = "Score", string predicted = "PredictedLabel") =>
        IsMultilabel
            ? ml.MultilabelClassification().Evaluate(scored, label, score).SubsetAccuracy
            : ml.MulticlassClassification.Evaluate(scored, label, score, predicted).MicroAccuracy;

    public ITransformer[] CrossValidate(MLContext ml, IDataView rows, IEstimator<ITransformer> trainer) =>
        IsMultilabel
            ? [.. ml.MultilabelClassification().CrossValidate(rows, trainer, 2).Select(fold => fold.Model)]
            : [.. ml.MulticlassClassification.CrossValidate(rows, trainer, 2).Select(fold => fold.Model)];

    protected static ImageClassificationOptions Small(ImageClassificationOptions options) =>
        options with
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
