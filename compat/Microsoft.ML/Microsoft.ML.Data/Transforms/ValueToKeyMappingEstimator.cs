using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Numbers the values of columns.</summary>
public sealed class ValueToKeyMappingEstimator : IEstimator<ValueToKeyMappingTransformer>
{
    private readonly IHost _host;
    private readonly InputOutputColumnPair[] _columns;
    private readonly KeyOptions _options;
    private readonly IDataView _keyData;

    internal ValueToKeyMappingEstimator(IHostEnvironment env, InputOutputColumnPair[] columns, KeyOptions options, IDataView keyData)
    {
        _host = env.Register(nameof(ValueToKeyMappingEstimator));
        InputOutputColumnPair.Check(_host, columns);
        if (keyData is not null && keyData.Schema.Count != 1)
            throw _host.ExceptParam(nameof(keyData), $"The terms are read from data with one column, but this has {keyData.Schema.Count}.");
        _columns = columns;
        _options = options;
        _keyData = keyData;
    }

    /// <summary>The order of keys.</summary>
    public enum KeyOrdinality : byte
    {
        ByOccurrence = 0,
        ByValue = 1,
    }

    public ValueToKeyMappingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        DataViewSchema.Column[] sources = [.. _columns.Select(pair => Source(input.Schema, pair.InputColumnName))];
        TermMap[] maps = _keyData is null ? Learn(input, sources) : [.. sources.Select(Given)];
        return new ValueToKeyMappingTransformer(_host, _columns, maps, _options.AnnotationsAsText);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeChange.Apply(inputSchema, _columns.Select(pair =>
        {
            SchemaShape.Column input = ShapeChange.Input(_host, inputSchema, pair.InputColumnName);
            if (input.ItemType is not PrimitiveDataViewType)
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", pair.InputColumnName);
            var annotations = new List<SchemaShape.Column>();
            if (input.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out SchemaShape.Column slots))
                annotations.Add(slots);
            annotations.Add(KeyValues(input));
            return new SchemaShape.Column(pair.OutputColumnName, input.Kind, NumberDataViewType.UInt32, true, new SchemaShape(annotations));
        }));
    }

    private SchemaShape.Column KeyValues(SchemaShape.Column input)
    {
        if (input.IsKey
            && input.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column values)
            && values.Kind == SchemaShape.Column.VectorKind.Vector)
            return values;
        DataViewType item = _options.AnnotationsAsText ? TextDataViewType.Instance : input.ItemType;
        return new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, SchemaShape.Column.VectorKind.Vector, item, input.IsKey);
    }

    private DataViewSchema.Column Source(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw _host.ExceptSchemaMismatch("inputSchema", "input", name);
        return ColumnTypes.ItemOf(column.Type) is PrimitiveDataViewType
            ? column
            : throw _host.ExceptSchemaMismatch("inputSchema", "input", name, "standard type or vector of standard type", column.Type.ToString());
    }

    private TermMap[] Learn(IDataView input, DataViewSchema.Column[] sources)
    {
        _host.CheckUserArg(_options.MaximumNumberOfKeys > 0, "MaxNumTerms", "Must be positive");
        using DataViewRowCursor cursor = input.GetRowCursor(sources);
        TermCollector[] collectors = [.. sources.Select(c => TermCollector.Create(cursor, c, _options.MaximumNumberOfKeys))];
        while (collectors.Any(c => !c.IsFull) && cursor.MoveNext())
        {
            _host.CheckAlive();
            foreach (TermCollector collector in collectors)
                collector.Collect();
        }

        using IChannel channel = _host.Start("Training");
        for (int i = 0; i < collectors.Length; i++)
        {
            if (collectors[i].Count == 0)
                channel.Warning(MessageSensitivity.Schema, "Term map for output column '{0}' contains no entries.", _columns[i].OutputColumnName);
        }

        return [.. collectors.Select(c => c.Finish(_options.Ordinality == KeyOrdinality.ByValue))];
    }

    private TermMap Given(DataViewSchema.Column source)
    {
        DataViewSchema.Column terms = _keyData.Schema[0];
        DataViewType item = ColumnTypes.ItemOf(source.Type);
        if (!terms.Type.Equals(item))
            throw _host.ExceptUserArg("keyData", $"Input data's column must be of type '{item}' but was '{terms.Type}'");
        using DataViewRowCursor cursor = _keyData.GetRowCursor([terms]);
        TermCollector collector = TermCollector.Create(cursor, terms, int.MaxValue);
        while (cursor.MoveNext())
            collector.Collect();
        return collector.Finish(_options.Ordinality == KeyOrdinality.ByValue);
    }
}
