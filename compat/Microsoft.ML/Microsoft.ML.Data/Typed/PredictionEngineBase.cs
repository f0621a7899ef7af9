using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Runs a transformer on one object after the other.</summary>
public abstract class PredictionEngineBase<TSrc, TDst> : IDisposable
    where TSrc : class
    where TDst : class, new()
{
    private readonly InputRow<TSrc> _input;
    private readonly DataViewRow _output;
    private readonly TypedReader<TDst> _reader;
    private readonly IDisposable _owned;
    private bool _disposed;

    private protected PredictionEngineBase(IHostEnvironment env, ITransformer transformer, PredictionEngineOptions options)
    {
        env.CheckValue(transformer, nameof(transformer));
        env.CheckParam(transformer.IsRowToRowMapper, nameof(transformer), "Must be a row to row mapper");
        _input = new InputRow<TSrc>(TypedColumn.Bind(typeof(TSrc), options.InputSchemaDefinition, SchemaDefinition.Direction.Read));
        IRowToRowMapper mapper = transformer.GetRowToRowMapper(_input.Schema);
        (TypedColumn Typed, DataViewSchema.Column Column)[] columns
            = TypedReader<TDst>.Bind(env, mapper.OutputSchema, options.IgnoreMissingColumns, options.OutputSchemaDefinition);
        _output = mapper.GetRow(_input, columns.Select(c => c.Column));
        _reader = TypedReader<TDst>.Over(_output, columns);
        _owned = options.OwnsTransformer ? transformer as IDisposable : null;
        OutputSchema = transformer.GetOutputSchema(_input.Schema);
    }

    public DataViewSchema OutputSchema { get; }

    public TDst Predict(TSrc example)
    {
        var prediction = new TDst();
        Predict(example, ref prediction);
        return prediction;
    }

    public abstract void Predict(TSrc example, ref TDst prediction);

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _output.Dispose();
        _owned?.Dispose();
    }

    private protected void ExtractValues(TSrc example) => _input.Show(example);

    private protected void FillValues(TDst prediction) => _reader.Fill(prediction);
}
