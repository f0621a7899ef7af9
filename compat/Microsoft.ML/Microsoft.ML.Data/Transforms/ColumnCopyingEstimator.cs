using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>Columns under another name.</summary>
public sealed class ColumnCopyingEstimator : TrivialEstimator<ColumnCopyingTransformer>
{
    internal ColumnCopyingEstimator(IHostEnvironment env, InputOutputColumnPair[] columns)
        : base(env.Register(nameof(ColumnCopyingEstimator)), new ColumnCopyingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeChange.Apply(inputSchema, Transformer.Columns.Select(pair =>
        {
            SchemaShape.Column c = ShapeChange.Input(Host, inputSchema, pair.InputColumnName);
            return new SchemaShape.Column(pair.OutputColumnName, c.Kind, c.ItemType, c.IsKey, c.Annotations);
        }));
    }
}
