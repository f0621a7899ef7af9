using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>What the catalogs of all tasks share.</summary>
public abstract class TrainCatalogBase : IInternalCatalog
{
    private protected TrainCatalogBase(IHostEnvironment env) => Environment = env;

    IHostEnvironment IInternalCatalog.Environment => Environment;

    private protected IHostEnvironment Environment { get; }

    private protected (ITransformer Model, IDataView Scored)[] CrossValidateTrain(
        IDataView data, IEstimator<ITransformer> estimator, int folds, string samplingKeyColumn, int? seed)
    {
        Environment.CheckValue(data, nameof(data));
        Environment.CheckValue(estimator, nameof(estimator));
        var results = new List<(ITransformer Model, IDataView Scored)>();
        foreach (DataOperationsCatalog.TrainTestData split in DataSplit.Folds(Environment, data, folds, "numFolds", samplingKeyColumn, seed))
        {
            ITransformer model = estimator.Fit(split.TrainSet);
            results.Add((model, model.Transform(split.TestSet)));
        }

        return [.. results];
    }

    /// <summary>Where the extension methods that make trainers belong.</summary>
    public abstract class CatalogInstantiatorBase : IInternalCatalog
    {
        private protected CatalogInstantiatorBase(TrainCatalogBase catalog) => Owner = catalog;

        IHostEnvironment IInternalCatalog.Environment => Owner.Environment;

        internal TrainCatalogBase Owner { get; }
    }

    /// <summary>One fold's model and metrics.</summary>
    public sealed class CrossValidationResult<T>
        where T : class
    {
        public readonly T Metrics;
        public readonly ITransformer Model;
        public readonly IDataView ScoredHoldOutSet;
        public readonly int Fold;

        internal CrossValidationResult(ITransformer model, T metrics, IDataView scores, int fold)
        {
            Model = model;
            Metrics = metrics;
            ScoredHoldOutSet = scores;
            Fold = fold;
        }
    }
}
