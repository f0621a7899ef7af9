using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>One vector of several columns of one type.</summary>
public sealed class ColumnConcatenatingEstimator : IEstimator<ColumnConcatenatingTransformer>
{
    private readonly IHost _host;
    private readonly string _output;
    private readonly string[] _inputs;

    internal ColumnConcatenatingEstimator(IHostEnvironment env, string outputColumnName, string[] inputColumnNames)
    {
        _host = env.Register(nameof(ColumnConcatenatingEstimator));
        _output = _host.CheckNonEmpty(outputColumnName, nameof(outputColumnName));
        _host.CheckValue(inputColumnNames, nameof(inputColumnNames));
        _host.CheckParam(!inputColumnNames.Any(string.IsNullOrEmpty), nameof(inputColumnNames), "Contained some null or empty items");
        _inputs = inputColumnNames.Length > 0 ? inputColumnNames : [outputColumnName];
    }

    public ColumnConcatenatingTransformer Fit(IDataView input)
    {
        _host.CheckValue(input, nameof(input));
        return new ColumnConcatenatingTransformer(_host, _output, _inputs);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        _host.CheckValue(inputSchema, nameof(inputSchema));
        SchemaShape.Column[] inputs = [.. _inputs.Select(name => ShapeChange.Input(_host, inputSchema, name))];
        SchemaShape.Column first = inputs[0];
        foreach (SchemaShape.Column c in inputs)
        {
            if (!c.ItemType.Equals(first.ItemType) || c.IsKey)
                throw _host.ExceptSchemaMismatch(nameof(inputSchema), "input", c.Name, first.ItemType.ToString(), c.GetTypeString());
        }

        bool known = inputs.All(c => c.Kind != SchemaShape.Column.VectorKind.VariableVector);
        SchemaShape.Column[] annotations = known && inputs.Any(c => c.Kind == SchemaShape.Column.VectorKind.Scalar || c.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out _))
            ? [new SchemaShape.Column(AnnotationUtils.Kinds.SlotNames, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false)]
            : [];
        var kind = known ? SchemaShape.Column.VectorKind.Vector : SchemaShape.Column.VectorKind.VariableVector;
        return ShapeChange.Apply(inputSchema, [new SchemaShape.Column(_output, kind, first.ItemType, false, new SchemaShape(annotations))]);
    }
}
