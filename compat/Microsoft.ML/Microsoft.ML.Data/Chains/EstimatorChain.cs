using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Estimators in a row: each is fitted on what those before it make of the data.</summary>
public sealed class EstimatorChain<TLastTransformer> : IEstimator<TransformerChain<TLastTransformer>>
    where TLastTransformer : class, ITransformer
{
    public readonly IEstimator<TLastTransformer> LastEstimator;

    private readonly IHostEnvironment _cacheEnvironment;
    private readonly EstimatorLink[] _links;

    public EstimatorChain() => _links = [];

    internal EstimatorChain(IHostEnvironment cacheEnvironment, EstimatorLink[] links)
    {
        _cacheEnvironment = cacheEnvironment;
        _links = links;
        LastEstimator = links[^1].Estimator as IEstimator<TLastTransformer>;
    }

    public TransformerChain<TLastTransformer> Fit(IDataView input)
    {
        // What cannot work is refused before anything is learned.
        GetOutputSchema(SchemaShape.Create(input.Schema));
        IDataView current = input;
        var transformers = new ITransformer[_links.Length];
        for (int i = 0; i < _links.Length; i++)
        {
            transformers[i] = _links[i].Estimator.Fit(current);
            current = transformers[i].Transform(current);
            if (_links[i].CacheAfter && i < _links.Length - 1)
                current = new CacheDataView(_cacheEnvironment, current);
        }

        return new TransformerChain<TLastTransformer>(transformers, _links.Select(l => l.Scope));
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _links.Aggregate(inputSchema, (shape, link) => link.Estimator.GetOutputSchema(shape));

    public EstimatorChain<TNewTrans> Append<TNewTrans>(IEstimator<TNewTrans> estimator, TransformerScope scope = TransformerScope.Everything)
        where TNewTrans : class, ITransformer
    {
        Contracts.CheckValue(estimator, nameof(estimator));
        return new EstimatorChain<TNewTrans>(_cacheEnvironment, [.. _links, new EstimatorLink(estimator, scope, CacheAfter: false)]);
    }

    public EstimatorChain<TLastTransformer> AppendCacheCheckpoint(IHostEnvironment env)
    {
        Contracts.CheckValue(env, nameof(env));
        if (_links.Length == 0)
            throw new InvalidOperationException("A chain without estimators has nothing to cache.");
        return new EstimatorChain<TLastTransformer>(env, [.. _links[..^1], _links[^1] with { CacheAfter = true }]);
    }
}
