namespace Microsoft.ML.Data;

/// <summary>Values of one column, kept by place.</summary>
internal abstract class ColumnStore
{
    /// <summary>Whether values of this type can be kept: what must be disposed of cannot.</summary>
    public static bool CanKeep(DataViewType type) => type is PrimitiveDataViewType or VectorDataViewType;

    public static ColumnStore Create(DataViewType type)
        => (ColumnStore)Activator.CreateInstance(
            type is VectorDataViewType vector ? typeof(VectorStore<>).MakeGenericType(vector.ItemType.RawType) : typeof(ScalarStore<>).MakeGenericType(type.RawType));

    /// <summary>From here on <see cref="Keep"/> takes values of this row.</summary>
    public abstract void ReadFrom(DataViewRow row, DataViewSchema.Column column);

    /// <summary>Keeps the row's value at a place: the next new one, or one in use.</summary>
    public abstract void Keep(int place);

    /// <summary>A getter of the value at the place that <paramref name="place"/> gives.</summary>
    public abstract Delegate Getter(Func<int> place);

    private sealed class ScalarStore<T> : ColumnStore
    {
        private readonly List<T> _values = [];
        private ValueGetter<T> _getter;

        public override void ReadFrom(DataViewRow row, DataViewSchema.Column column) => _getter = row.GetGetter<T>(column);

        public override void Keep(int place)
        {
            T value = default;
            _getter(ref value);
            if (place == _values.Count)
                _values.Add(value);
            else
                _values[place] = value;
        }

        public override Delegate Getter(Func<int> place)
        {
            ValueGetter<T> getter = (ref T value) => value = _values[place()];
            return getter;
        }
    }

    private sealed class VectorStore<T> : ColumnStore
    {
        private readonly List<VBuffer<T>> _values = [];
        private ValueGetter<VBuffer<T>> _getter;

        public override void ReadFrom(DataViewRow row, DataViewSchema.Column column) => _getter = row.GetGetter<VBuffer<T>>(column);

        public override void Keep(int place)
        {
            VBuffer<T> value = place < _values.Count ? _values[place] : default;
            _getter(ref value);
            if (place == _values.Count)
                _values.Add(value);
            else
                _values[place] = value;
        }

        public override Delegate Getter(Func<int> place)
        {
            ValueGetter<VBuffer<T>> getter = (ref VBuffer<T> value) => _values[place()].CopyTo(ref value);
            return getter;
        }
    }
}
