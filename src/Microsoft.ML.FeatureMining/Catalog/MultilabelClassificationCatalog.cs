using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Images that may have any number of classes, a task that ML.NET has no catalog for. Made by <see cref="MultilabelClassificationExtensions.MultilabelClassification"/>.</summary>
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

    /// <summary>Measures scored rows: each class's 2x2 confusion matrix, precision, recall, F1 and average precision; their sums and means; and the share of rows that are right in all classes.</summary>
    /// <param name="data">What a model's Transform gave.</param>
    /// <param name="labelColumnName">The set of classes: a vector of 0 and 1, a vector of names, or text of names.</param>
    /// <param name="scoreColumnName">Each class's probability, [K].</param>
    /// <param name="threshold">The probability from which on an image is said to have a class.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">Label and score are of different classes.</exception>
    public MultilabelClassificationMetrics Evaluate(IDataView data, string labelColumnName = "Label", string scoreColumnName = "Score", double threshold = 0.5)
    {
        ArgumentNullException.ThrowIfNull(data);
        return MultilabelEvaluation.Of(data, labelColumnName, scoreColumnName, threshold);
    }

    /// <summary>Trains on all folds but one and measures on that one, each in turn.</summary>
    /// <param name="data">The rows.</param>
    /// <param name="estimator">What is trained.</param>
    /// <param name="numberOfFolds">At least 2.</param>
    /// <param name="labelColumnName">The set of classes.</param>
    /// <param name="seed">Of the folds.</param>
    /// <returns>For each fold its model and its metrics.</returns>
    public IReadOnlyList<(ITransformer Model, MultilabelClassificationMetrics Metrics)> CrossValidate(
        IDataView data, IEstimator<ITransformer> estimator, int numberOfFolds = 5, string labelColumnName = "Label", int? seed = null)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(estimator);
        return [.. _context.Data.CrossValidationSplit(data, numberOfFolds, seed: seed).Select(fold =>
        {
            ITransformer model = estimator.Fit(fold.TrainSet);
            return (model, Evaluate(model.Transform(fold.TestSet), labelColumnName));
        })];
    }
}

/// <summary>Adds the task of images with any number of classes to the context.</summary>
public static class MultilabelClassificationExtensions
{
    /// <summary>Images that may have any number of classes.</summary>
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
    /// Trains an image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks"). More settings: the overload that takes
    /// <see cref="PatchTrainingOptions"/>.
    /// </summary>
    /// <param name="labelColumnName">The set of classes: a vector of 0 and 1, a vector of names, or text of names.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: each class's probability.</param>
    /// <param name="predictedLabelColumnName">Out: 1 for each class of a probability of at least one half, else 0.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the rows, half of them over the patches where there are any.</param>
    /// <param name="patchSet">The objects of the images, cut out, each with its class in a column Label.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public PatchTrainingTrainer PatchTraining(
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "vgg-16",
        int epochs = 10,
        IDataView? patchSet = null,
        IDataView? validationSet = null) =>
        PatchTraining(ShortOptions.Of<PatchTrainingOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet) with
        {
            SwitchEpoch = patchSet is null ? 0 : epochs / 2,
            PatchSet = patchSet,
        });

    /// <summary>Trains an image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks").</summary>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public PatchTrainingTrainer PatchTraining(PatchTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PatchTrainingTrainer(_environment, options);
    }
}
