using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>Gathers the distinct values of a column, without missing ones.</summary>
internal abstract class TermCollector
{
    public abstract int Count { get; }

    public abstract bool IsFull { get; }

    public static TermCollector Create(DataViewRow row, DataViewSchema.Column column, int most)
    {
        Type collector = typeof(Typed<>).MakeGenericType(ColumnTypes.ItemOf(column.Type).RawType);
        return (TermCollector)Activator.CreateInstance(collector, row, column, most);
    }

    public abstract void Collect();

    public abstract TermMap Finish(bool sorted);

    private sealed class Typed<T> : TermCollector
    {
        private readonly PrimitiveDataViewType _itemType;
        private readonly int _most;
        private readonly TermComparer<T> _comparer;
        private readonly HashSet<T> _seen;
        private readonly List<T> _terms = [];
        private readonly Action _collect;

        public Typed(DataViewRow row, DataViewSchema.Column column, int most)
        {
            _itemType = (PrimitiveDataViewType)ColumnTypes.ItemOf(column.Type);
            _most = most;
            _comparer = new TermComparer<T>(_itemType);
            _seen = new HashSet<T>(_comparer);
            _collect = column.Type is VectorDataViewType ? Vector(row.GetGetter<VBuffer<T>>(column)) : Scalar(row.GetGetter<T>(column));
        }

        public override int Count => _terms.Count;

        public override bool IsFull => _terms.Count >= _most;

        public override void Collect()
        {
            if (!IsFull)
                _collect();
        }

        public override TermMap Finish(bool sorted)
        {
            if (sorted)
                _terms.Sort(_comparer);
            return new TermMap<T>(_itemType, [.. _terms]);
        }

        private Action Scalar(ValueGetter<T> getter)
        {
            T value = default;
            return () =>
            {
                getter(ref value);
                Add(value);
            };
        }

        private Action Vector(ValueGetter<VBuffer<T>> getter)
        {
            VBuffer<T> buffer = default;
            return () =>
            {
                getter(ref buffer);
                foreach (T value in buffer.DenseValues())
                    Add(value);
            };
        }

        private void Add(T value)
        {
            if (!IsFull && !_comparer.IsMissing(value) && _seen.Add(value))
                _terms.Add(value);
        }
    }
}
