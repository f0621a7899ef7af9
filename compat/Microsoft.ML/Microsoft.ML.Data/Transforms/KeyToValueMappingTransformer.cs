using System.Numerics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(
    typeof(KeyToValueMappingTransformer),
    typeof(KeyToValueMappingTransformer),
    null,
    typeof(SignatureLoadModel),
    "Keys to values",
    KeyToValueMappingTransformer.Signature)]

namespace Microsoft.ML.Transforms;

/// <summary>The values that keys stand for.</summary>
public sealed class KeyToValueMappingTransformer : OneToOneTransformerBase
{
    internal const string Signature = "KeyToValueTransform";

    internal KeyToValueMappingTransformer(IHostEnvironment env, InputOutputColumnPair[] columns)
        : base(env.Register(nameof(KeyToValueMappingTransformer)), columns)
    {
    }

    internal InputOutputColumnPair[] Columns => Pairs;

    internal static KeyToValueMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(SavedAs.Version("KEY2VALT", Signature));
        return new KeyToValueMappingTransformer(env, InputOutputColumnPair.Read(ctx.Reader));
    }

    private protected override OutputColumn Added(int pair, DataViewSchema.Column input)
    {
        VectorDataViewType values = SchemaAnnotationsExtensions.VectorAnnotationOrNull(input, AnnotationUtils.Kinds.KeyValues)
            ?? throw Host.Except("Metadata KeyValues does not exist");
        if (ColumnTypes.ItemOf(input.Type) is not KeyDataViewType key)
            throw Host.ExceptSchemaMismatch("inputSchema", "input", input.Name, "KeyType", input.Type.ToString());
        Host.Check((ulong)values.Size == key.Count, "KeyValues metadata size does not match column type key count");
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(input.Annotations, name => name == AnnotationUtils.Kinds.SlotNames);
        DataViewType type = input.Type is VectorDataViewType vector ? new VectorDataViewType(values.ItemType, vector.Dimensions) : values.ItemType;
        return new OutputColumn(
            new DataViewSchema.DetachedColumn(Pairs[pair].OutputColumnName, type, annotations.ToAnnotations()),
            [input.Index],
            row => (Delegate)Getters.Generic(
                typeof(KeyToValueMappingTransformer), nameof(Values), [key.RawType, values.ItemType.RawType], row, input, input.Type is VectorDataViewType));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(SavedAs.Version("KEY2VALT", Signature));
        InputOutputColumnPair.Write(ctx.Writer, Pairs);
    }

    private static Delegate Values<TKey, TValue>(DataViewRow row, DataViewSchema.Column column, bool isVector)
        where TKey : IBinaryInteger<TKey>
    {
        VBuffer<TValue> annotation = default;
        column.GetKeyValues(ref annotation);
        TValue[] values = [.. annotation.DenseValues()];
        TValue missing = Missing<TValue>();
        Func<TKey, TValue> map = key => ulong.CreateTruncating(key) - 1 is var place && place < (ulong)values.Length ? values[place] : missing;
        return isVector ? Vector(row.GetGetter<VBuffer<TKey>>(column), map) : Scalar(row.GetGetter<TKey>(column), map);
    }

    private static TValue Missing<TValue>()
        => typeof(TValue) == typeof(float) ? (TValue)(object)float.NaN : typeof(TValue) == typeof(double) ? (TValue)(object)double.NaN : default;

    private static ValueGetter<TValue> Scalar<TKey, TValue>(ValueGetter<TKey> getter, Func<TKey, TValue> map)
    {
        TKey key = default;
        return (ref TValue value) =>
        {
            getter(ref key);
            value = map(key);
        };
    }

    private static ValueGetter<VBuffer<TValue>> Vector<TKey, TValue>(ValueGetter<VBuffer<TKey>> getter, Func<TKey, TValue> map)
    {
        VBuffer<TKey> keys = default;
        return (ref VBuffer<TValue> value) =>
        {
            getter(ref keys);
            VBufferEditor<TValue> editor = VBufferEditor.Create(ref value, keys.Length);
            int slot = 0;
            foreach (TKey key in keys.DenseValues())
                editor.Values[slot++] = map(key);
            value = editor.Commit();
        };
    }
}
