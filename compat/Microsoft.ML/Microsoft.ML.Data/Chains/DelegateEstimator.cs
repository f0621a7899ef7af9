namespace Microsoft.ML.Data;

/// <summary>An estimator that shows what it fits.</summary>
internal sealed class DelegateEstimator<TTransformer> : IEstimator<TTransformer>
    where TTransformer : class, ITransformer
{
    private readonly IEstimator<TTransformer> _estimator;
    private readonly Action<TTransformer> _onFit;

    public DelegateEstimator(IEstimator<TTransformer> estimator, Action<TTransformer> onFit)
    {
        _estimator = estimator;
        _onFit = onFit;
    }

    public TTransformer Fit(IDataView input)
    {
        TTransformer transformer = _estimator.Fit(input);
        _onFit(transformer);
        return transformer;
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => _estimator.GetOutputSchema(inputSchema);
}
