using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

/// <summary>A trainer made by hand from the public interfaces: the nearest class mean, softmax of the negative distances for scores.</summary>
internal sealed class CentroidTrainer(string label = "Label", string features = "Features") : IEstimator<CentroidTransformer>
{
    public int Fits { get; private set; }

    public CentroidTransformer Fit(IDataView input)
    {
        Fits++;
        DataViewSchema.Column labels = input.Schema[label];
        DataViewSchema.Column inputs = input.Schema[features];
        int classes = (int)((KeyDataViewType)labels.Type).Count;
        int size = ((VectorDataViewType)inputs.Type).Size;
        var sums = new float[classes][];
        var counts = new int[classes];
        using DataViewRowCursor cursor = input.GetRowCursor([labels, inputs]);
        ValueGetter<uint> key = cursor.GetGetter<uint>(labels);
        ValueGetter<VBuffer<float>> vector = cursor.GetGetter<VBuffer<float>>(inputs);
        uint k = 0;
        VBuffer<float> x = default;
        while (cursor.MoveNext())
        {
            key(ref k);
            vector(ref x);
            float[] sum = sums[k - 1] ??= new float[size];
            for (int i = 0; i < size; i++)
                sum[i] += x.GetItemOrDefault(i);
            counts[k - 1]++;
        }

        for (int c = 0; c < classes; c++)
        {
            sums[c] ??= new float[size];
            for (int i = 0; i < size && counts[c] > 0; i++)
                sums[c][i] /= counts[c];
        }

        return new CentroidTransformer(features, sums, labels.HasKeyValues() ? Text.KeyValues(labels) : null);
    }

    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        if (inputSchema.All(c => c.Name != label))
            throw new ArgumentOutOfRangeException(nameof(inputSchema), $"Could not find label column '{label}'");
        SchemaShape values = new([NewColumn("KeyValues", SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false, null)]);
        return new SchemaShape(
        [
            .. inputSchema,
            NewColumn("PredictedLabel", SchemaShape.Column.VectorKind.Scalar, NumberDataViewType.UInt32, true, values),
            NewColumn("Score", SchemaShape.Column.VectorKind.Vector, NumberDataViewType.Single, false, null),
        ]);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SchemaShape.Column NewColumn(string name, SchemaShape.Column.VectorKind kind, DataViewType type, bool isKey, SchemaShape annotations);
}
