using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

internal sealed class KeyItem<T>(PrimitiveDataViewType type, Func<T, string> format, Func<string, T> parse) : KeyItem(type)
{
    public override string[] Read(DataViewSchema.Annotations annotations, string kind)
    {
        VBuffer<T> values = default;
        annotations.GetValue(kind, ref values);
        return [.. values.DenseValues().Select(format)];
    }

    public override Func<string> ValueReader(DataViewRow row, DataViewSchema.Column column)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default!;
        return () =>
        {
            getter(ref value);
            return format(value);
        };
    }

    public override Array Values(IReadOnlyList<string> names) => names.Select(parse).ToArray();

    public override void Add(DataViewSchema.Annotations.Builder annotations, string kind, IReadOnlyList<string> names)
    {
        T[] values = (T[])Values(names);
        annotations.Add(kind, new VectorDataViewType(Type, values.Length), (ref VBuffer<T> buffer) => new VBuffer<T>(values.Length, values).CopyTo(ref buffer));
    }
}
