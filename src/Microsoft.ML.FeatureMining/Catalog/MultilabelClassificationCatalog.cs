using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>
/// Multi-label image classification, a task that ML.NET has no catalog for: an image may have any number of classes. Created by
/// <see cref="MultilabelClassificationExtensions.MultilabelClassification"/>.
/// </summary>
public sealed class MultilabelClassificationCatalog
{
    private readonly MLContext _context;

    internal MultilabelClassificationCatalog(MLContext context)
    {
        _context = context;
        Trainers = new MultilabelTrainers(context);
    }

    /// <summary>The trainers.</summary>
    public MultilabelTrainers Trainers { get; }

    /// <summary>
    /// Evaluates scored rows: the 2x2 confusion matrix, precision, recall, F1 and average precision of each class; their micro and macro averages; and the
    /// fraction of rows that are right in all classes.
    /// </summary>
    /// <param name="data">The output of a model's Transform.</param>
    /// <param name="labelColumnName">The label column, a set of classes: a vector of 0 and 1, a vector of names, or one text with separated names.</param>
    /// <param name="scoreColumnName">The column of class probabilities, [K].</param>
    /// <param name="threshold">An image is predicted to have a class if its probability is at least this.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">Label and score have different classes.</exception>
    /// <exception cref="InvalidOperationException">There is no row to measure; the message says why.</exception>
    public MultilabelClassificationMetrics Evaluate(IDataView data, string labelColumnName = "Label", string scoreColumnName = "Score", double threshold = 0.5)
    {
        ArgumentNullException.ThrowIfNull(data);
        return MultilabelEvaluation.Of(data, labelColumnName, scoreColumnName, threshold).OrNothing();
    }

    /// <summary>
    /// Evaluates a part of the rows, for <see cref="MultilabelClassificationMetrics.Merge"/>. Unlike in <see cref="Evaluate"/>, there need not be a row to
    /// measure.
    /// </summary>
    /// <inheritdoc cref="Evaluate"/>
    public MultilabelClassificationMetrics EvaluateShard(
        IDataView data,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        double threshold = 0.5
    )
    {
        ArgumentNullException.ThrowIfNull(data);
        return MultilabelEvaluation.Of(data, labelColumnName, scoreColumnName, threshold);
    }

    /// <summary>Cross-validates: for each fold, trains on the other folds and evaluates on that one.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="estimator">The pipeline to train.</param>
    /// <param name="numberOfFolds">At least 2.</param>
    /// <param name="labelColumnName">The label column, a set of classes.</param>
    /// <param name="seed">The seed of the split into folds.</param>
    /// <returns>The model and the metrics of each fold. <see cref="MultilabelClassificationMetrics.Coverage"/> says which rows and labels were left out, as
    /// ML.NET's own CrossValidate does not.</returns>
    public IReadOnlyList<(ITransformer Model, MultilabelClassificationMetrics Metrics)> CrossValidate(
        IDataView data,
        IEstimator<ITransformer> estimator,
        int numberOfFolds = 5,
        string labelColumnName = "Label",
        int? seed = null
    )
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(estimator);
        ArgumentNullException.ThrowIfNull(labelColumnName);
        return
        [
            .. _context
                .Data.CrossValidationSplit(data, numberOfFolds, seed: seed)
                .Select(fold =>
                {
                    ITransformer model = estimator.Fit(fold.TrainSet);
                    return (model, Evaluate(model.Transform(fold.TestSet), labelColumnName));
                }),
        ];
    }
}

/// <summary>Adds multi-label image classification to MLContext.</summary>
public static class MultilabelClassificationExtensions
{
    /// <summary>The catalog of multi-label image classification.</summary>
    public static MultilabelClassificationCatalog MultilabelClassification(this MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new MultilabelClassificationCatalog(context);
    }
}

/// <summary>The trainers of <see cref="MultilabelClassificationCatalog"/>.</summary>
public sealed class MultilabelTrainers
{
    private readonly IHostEnvironment _environment;

    internal MultilabelTrainers(IHostEnvironment environment) => _environment = environment;

    /// <summary>
    /// Trains an image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks"). For more settings, use the
    /// overload that takes <see cref="PatchTrainingOptions"/>.
    /// </summary>
    /// <param name="labelColumnName">The label column, a set of classes: a vector of 0 and 1, a vector of names, or one text with separated names.</param>
    /// <param name="imageColumnName">The image column: encoded bytes (a vector of unknown size), planar floats (a vector of known size), MLImage, or text
    /// (paths of files). The default stands for ImagePath if the rows have no column Image.</param>
    /// <param name="scoreColumnName">The output column of class probabilities, [K].</param>
    /// <param name="predictedLabelColumnName">The output column of predictions, [K]: 1 for each class whose probability is at least 0.5, else 0.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">The number of epochs. If a patch set is given, half of them train on patches.</param>
    /// <param name="patchSet">The objects, cropped from their images, with their class in a column Label.</param>
    /// <param name="validationSet">Rows to validate on after each epoch. The model gets the weights of the best epoch; without a validation set, those of the
    /// last epoch.</param>
    public PatchTrainingTrainer PatchTraining(
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "vgg-16",
        int epochs = 10,
        IDataView? patchSet = null,
        IDataView? validationSet = null
    ) =>
        PatchTraining(
            ShortOptions.Of<PatchTrainingOptions>(
                labelColumnName,
                imageColumnName,
                scoreColumnName,
                predictedLabelColumnName,
                backbone,
                epochs,
                validationSet
            ) with
            {
                SwitchEpoch = patchSet is null ? 0 : epochs / 2,
                PatchSet = patchSet,
            }
        );

    /// <summary>Trains an image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks").</summary>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public PatchTrainingTrainer PatchTraining(PatchTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PatchTrainingTrainer(_environment, options);
    }
}
