using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.MlNet.Scoring;

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
