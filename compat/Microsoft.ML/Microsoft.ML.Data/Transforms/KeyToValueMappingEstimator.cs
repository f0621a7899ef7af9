using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Transforms;

/// <summary>The values that keys stand for.</summary>
public sealed class KeyToValueMappingEstimator : TrivialEstimator<KeyToValueMappingTransformer>
{
    internal KeyToValueMappingEstimator(IHostEnvironment env, InputOutputColumnPair[] columns)
        : base(env.Register(nameof(KeyToValueMappingEstimator)), new KeyToValueMappingTransformer(env, columns))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return ShapeChange.Apply(inputSchema, Transformer.Columns.Select(pair =>
        {
            SchemaShape.Column input = ShapeChange.Input(Host, inputSchema, pair.InputColumnName, c => c.IsKey, "KeyType");
            if (!input.Annotations.TryFindColumn(AnnotationUtils.Kinds.KeyValues, out SchemaShape.Column values))
                throw Host.ExceptParam(nameof(inputSchema), $"Input column '{pair.InputColumnName}' doesn't contain key values metadata");
            SchemaShape slots = input.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out SchemaShape.Column names) ? new SchemaShape([names]) : null;
            return new SchemaShape.Column(pair.OutputColumnName, input.Kind, values.ItemType, values.IsKey, slots);
        }));
    }
}
