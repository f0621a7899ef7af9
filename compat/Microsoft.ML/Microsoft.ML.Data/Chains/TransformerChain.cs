using System.Collections;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Transformers in a row.</summary>
public sealed class TransformerChain<TLastTransformer> : ITransformer, IEnumerable<ITransformer>, IDisposable
    where TLastTransformer : class, ITransformer
{
    public readonly TLastTransformer LastTransformer;

    private readonly ITransformer[] _transformers;
    private readonly TransformerScope[] _scopes;
    private bool _disposed;

    public TransformerChain(IEnumerable<ITransformer> transformers, IEnumerable<TransformerScope> scopes)
    {
        _transformers = transformers?.ToArray() ?? [];
        _scopes = scopes?.ToArray() ?? [];
        LastTransformer = _transformers.LastOrDefault() as TLastTransformer;
        Contracts.Check(_transformers.Length > 0 == LastTransformer is not null, "The last transformer is not of the chain's type");
        Contracts.Check(_transformers.Length == _scopes.Length, "Each transformer has a scope");
    }

    public TransformerChain(params ITransformer[] transformers)
        : this(transformers, transformers?.Select(_ => TransformerScope.Everything))
    {
    }

    bool ITransformer.IsRowToRowMapper => _transformers.All(t => t.IsRowToRowMapper);

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => GetOutputSchema(inputSchema, TransformerScope.Scoring);

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema, TransformerScope scope)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        return GetModelFor(scope).Aggregate(inputSchema, (schema, transformer) => transformer.GetOutputSchema(schema));
    }

    public IDataView Transform(IDataView input) => Transform(input, TransformerScope.Scoring);

    public IDataView Transform(IDataView input, TransformerScope scope)
    {
        Contracts.CheckValue(input, nameof(input));
        GetOutputSchema(input.Schema, scope);
        return GetModelFor(scope).Aggregate(input, (data, transformer) => transformer.Transform(data));
    }

    /// <summary>The transformers of a scope.</summary>
    public TransformerChain<ITransformer> GetModelFor(TransformerScope scopeFilter)
    {
        int[] kept = [.. Enumerable.Range(0, _scopes.Length).Where(i => (_scopes[i] & scopeFilter) != 0)];
        return new TransformerChain<ITransformer>(kept.Select(i => _transformers[i]), kept.Select(i => _scopes[i]));
    }

    public TransformerChain<TNewLast> Append<TNewLast>(TNewLast transformer, TransformerScope scope = TransformerScope.Everything)
        where TNewLast : class, ITransformer
    {
        Contracts.CheckValue(transformer, nameof(transformer));
        return new TransformerChain<TNewLast>([.. _transformers, transformer], [.. _scopes, scope]);
    }

    public IEnumerator<ITransformer> GetEnumerator() => ((IEnumerable<ITransformer>)_transformers).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        Contracts.CheckValue(inputSchema, nameof(inputSchema));
        Contracts.Check(((ITransformer)this).IsRowToRowMapper, "GetRowToRowMapper method called despite IsRowToRowMapper being false.");
        var mappers = new List<IRowToRowMapper>();
        DataViewSchema schema = inputSchema;
        foreach (ITransformer transformer in _transformers)
        {
            mappers.Add(transformer.GetRowToRowMapper(schema));
            schema = mappers[^1].OutputSchema;
        }

        return new CompositeRowToRowMapper(inputSchema, [.. mappers]);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx) => TransformerChainFormat.Save(ctx, _transformers, _scopes);

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (ITransformer transformer in _transformers)
            (transformer as IDisposable)?.Dispose();
    }
}
