using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Trainers and metrics for one class of several.</summary>
public sealed class MulticlassClassificationCatalog : TrainCatalogBase
{
    internal MulticlassClassificationCatalog(IHostEnvironment env)
        : base(env) => Trainers = new MulticlassClassificationTrainers(this);

    public MulticlassClassificationTrainers Trainers { get; }

    /// <summary>Metrics of scored data; with <paramref name="topKPredictionCount"/>, of the K best scores too.</summary>
    public MulticlassClassificationMetrics Evaluate(
        IDataView data,
        string labelColumnName = "Label",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        int topKPredictionCount = 0)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        Environment.CheckNonEmpty(scoreColumnName, nameof(scoreColumnName));
        Environment.CheckNonEmpty(predictedLabelColumnName, nameof(predictedLabelColumnName));
        Environment.CheckUserArg(topKPredictionCount >= 0, nameof(topKPredictionCount), "Must be non-negative");
        return new MulticlassEvaluator(Environment, topKPredictionCount).Evaluate(data, labelColumnName, scoreColumnName, predictedLabelColumnName);
    }

    /// <summary>Fits the estimator once a fold, on what is not in the fold, and evaluates it on the fold.</summary>
    public IReadOnlyList<CrossValidationResult<MulticlassClassificationMetrics>> CrossValidate(
        IDataView data,
        IEstimator<ITransformer> estimator,
        int numberOfFolds = 5,
        string labelColumnName = "Label",
        string samplingKeyColumnName = null,
        int? seed = null)
    {
        Environment.CheckNonEmpty(labelColumnName, nameof(labelColumnName));
        return
        [
            .. CrossValidateTrain(data, estimator, numberOfFolds, samplingKeyColumnName, seed).Select((r, fold)
                => new CrossValidationResult<MulticlassClassificationMetrics>(r.Model, Evaluate(r.Scored, labelColumnName), r.Scored, fold)),
        ];
    }

    /// <summary>Where the extension methods that make trainers belong.</summary>
    public sealed class MulticlassClassificationTrainers : CatalogInstantiatorBase
    {
        internal MulticlassClassificationTrainers(MulticlassClassificationCatalog catalog)
            : base(catalog)
        {
        }
    }
}
