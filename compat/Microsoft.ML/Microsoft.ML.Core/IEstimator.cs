namespace Microsoft.ML;

/// <summary>Learns a transformer from data.</summary>
public interface IEstimator<out TTransformer>
    where TTransformer : ITransformer
{
    TTransformer Fit(IDataView input);

    /// <summary>What is known of the output beforehand; throws where the input does not fit.</summary>
    SchemaShape GetOutputSchema(SchemaShape inputSchema);
}
