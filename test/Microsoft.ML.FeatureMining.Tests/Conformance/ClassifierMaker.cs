using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Creates a classifier by both overloads of its catalog.</summary>
internal abstract class ClassifierMaker : TrainerMaker
{
    /// <summary>Whether it is multi-label.</summary>
    public bool IsMultilabel { get; init; }

    /// <summary>Creates the trainer by column names: Color, Picture, Probability and Guess.</summary>
    public required Func<MLContext, IDataView, ImageClassificationTrainer> ByNames { get; init; }

    public abstract ImageClassificationTrainer MakeClassifier(
        TrainedModel trained,
        MLContext ml,
        Func<ImageClassificationOptions, ImageClassificationOptions>? change = null
    );

    public sealed override IEstimator<ITransformer> Make(TrainedModel trained, MLContext ml, Func<ImageTrainerOptions, ImageTrainerOptions>? change = null) =>
        MakeClassifier(trained, ml, change is null ? null : options => (ImageClassificationOptions)change(options));

    /// <summary>Rows with the columns Label (a key or the name of the class) and Image.</summary>
    public sealed override IDataView Rows(TrainedModel trained) =>
        IsMultilabel ? trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Fit(trained.Rows).Transform(trained.Rows) : trained.Loaded;

    public sealed override float[][] Predictions(ITransformer model, IDataView rows) => [.. model.Transform(rows).GetColumn<float[]>("Score")];

    public sealed override TrainedParts Parts(ITransformer model)
    {
        ImageClassificationModel trained = ((ImageClassificationTransformer)model).Model;
        return new TrainedParts(
            trained.Saved.Weights,
            trained.EarlierHistory.Concat(trained.History),
            trained.Recipe!.Value,
            (trained.Head, trained.IsMultilabel)
        );
    }

    /// <summary>The fraction of rows that are classified correctly, in [0, 1].</summary>
    public double Evaluate(MLContext ml, IDataView scored, string label, string score, string predicted) =>
        IsMultilabel
            ? ml.MultilabelClassification().Evaluate(scored, label, score).SubsetAccuracy
            : ml.MulticlassClassification.Evaluate(scored, label, score, predicted).MicroAccuracy;

    public ITransformer[] CrossValidate(MLContext ml, IDataView rows, IEstimator<ITransformer> trainer) =>
        IsMultilabel
            ? [.. ml.MultilabelClassification().CrossValidate(rows, trainer, 2).Select(fold => fold.Model)]
            : [.. ml.MulticlassClassification.CrossValidate(rows, trainer, 2).Select(fold => fold.Model)];
}

internal sealed class ClassifierMaker<TOptions>(TOptions defaults, Func<TrainedModel, MLContext, TOptions, ImageClassificationTrainer> byOptions)
    : ClassifierMaker
    where TOptions : ImageClassificationOptions
{
    public override ImageClassificationTrainer MakeClassifier(
        TrainedModel trained,
        MLContext ml,
        Func<ImageClassificationOptions, ImageClassificationOptions>? change = null
    ) => byOptions(trained, ml, (TOptions)(change ?? (options => options))(Small(defaults)));

    private static ImageClassificationOptions Small(ImageClassificationOptions options) =>
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
