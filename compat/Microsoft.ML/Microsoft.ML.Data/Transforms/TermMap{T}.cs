using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>A <see cref="TermMap"/> over values of one type.</summary>
internal sealed class TermMap<T> : TermMap
{
    private readonly T[] _terms;
    private readonly Dictionary<T, uint> _keys;

    public TermMap(PrimitiveDataViewType itemType, T[] terms)
        : base(itemType, terms.Length)
    {
        _terms = terms;
        _keys = new Dictionary<T, uint>(new TermComparer<T>(itemType));
        foreach (T term in terms)
            _keys.Add(term, (uint)_keys.Count + 1);
    }

    public override void Write(BinaryWriter writer)
    {
        TypeFormat.Write(writer, ItemType);
        writer.Write(_terms.Length);
        foreach (T term in _terms)
            ValueFormat.Write(writer, term);
    }

    public override Delegate Keys(DataViewRow row, DataViewSchema.Column column)
        => column.Type is VectorDataViewType ? Vector(row.GetGetter<VBuffer<T>>(column)) : Scalar(row.GetGetter<T>(column));

    public override void AddKeyValues(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source, bool asText)
    {
        if (_terms.Length == 0)
            return;
        if (ItemType is KeyDataViewType && SchemaAnnotationsExtensions.VectorAnnotationOrNull(source, AnnotationUtils.Kinds.KeyValues) is { } values)
            Getters.Generic(typeof(TermMap<T>), nameof(AddOriginals), [values.ItemType.RawType], this, annotations, source, values.ItemType);
        else if (asText)
            Add(annotations, TextDataViewType.Instance, [.. _terms.Select(t => t.ToString().AsMemory())]);
        else
            Add(annotations, ItemType, _terms);
    }

    // Keys of keys stand for what the first keys stand for.
    private static void AddOriginals<TValue>(
        TermMap<T> self, DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source, PrimitiveDataViewType itemType)
    {
        VBuffer<TValue> originals = default;
        source.GetKeyValues(ref originals);
        Add(annotations, itemType, [.. self._terms.Select(key => originals.GetItemOrDefault(Convert.ToInt32(key) - 1))]);
    }

    private static void Add<TValue>(DataViewSchema.Annotations.Builder annotations, PrimitiveDataViewType itemType, TValue[] values)
        => annotations.Add(
            AnnotationUtils.Kinds.KeyValues,
            new VectorDataViewType(itemType, values.Length),
            (ref VBuffer<TValue> value) => VBuffer<TValue>.Copy(values, 0, ref value, values.Length));

    private ValueGetter<uint> Scalar(ValueGetter<T> getter)
    {
        T source = default;
        return (ref uint value) =>
        {
            getter(ref source);
            value = _keys.GetValueOrDefault(source);
        };
    }

    private ValueGetter<VBuffer<uint>> Vector(ValueGetter<VBuffer<T>> getter)
    {
        VBuffer<T> source = default;
        return (ref VBuffer<uint> value) =>
        {
            getter(ref source);
            VBufferEditor<uint> editor = VBufferEditor.Create(ref value, source.Length);
            int slot = 0;
            foreach (T item in source.DenseValues())
                editor.Values[slot++] = _keys.GetValueOrDefault(item);
            value = editor.Commit();
        };
    }
}
