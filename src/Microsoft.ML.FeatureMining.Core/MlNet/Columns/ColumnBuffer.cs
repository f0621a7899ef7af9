using System.Reflection;
using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>Buffers the values of one column for the rows that a cursor has read ahead.</summary>
internal abstract class ColumnBuffer
{
    public static ColumnBuffer Create(DataViewRow row, DataViewSchema.Column column, int capacity)
    {
        Type type = column.Type is VectorDataViewType vector
            ? typeof(VectorColumnBuffer<>).MakeGenericType(vector.ItemType.RawType)
            : typeof(ScalarColumnBuffer<>).MakeGenericType(column.Type.RawType);
        return (ColumnBuffer)
            Activator.CreateInstance(
                type,
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.DoNotWrapExceptions,
                null,
                [row, column, capacity],
                null
            )!;
    }

    /// <summary>Stores the value at the row's current position.</summary>
    public abstract void Keep(int slot);

    /// <summary>Returns a getter that reads the slot returned by <paramref name="current"/>.</summary>
    public abstract Delegate Getter(Func<int> current);
}

internal sealed class ScalarColumnBuffer<T>(DataViewRow row, DataViewSchema.Column column, int capacity) : ColumnBuffer
{
    private readonly ValueGetter<T> _getter = row.GetGetter<T>(column);
    private readonly T[] _values = new T[capacity];

    public override void Keep(int slot)
    {
        // A getter may dispose the previous value (MLImage), and a caller may still use the value of an earlier row.
        _values[slot] = default!;
        _getter(ref _values[slot]);
    }

    public override Delegate Getter(Func<int> current) => (ValueGetter<T>)((ref T value) => value = _values[current()]);
}

internal sealed class VectorColumnBuffer<T>(DataViewRow row, DataViewSchema.Column column, int capacity) : ColumnBuffer
{
    private readonly ValueGetter<VBuffer<T>> _getter = row.GetGetter<VBuffer<T>>(column);
    private readonly VBuffer<T>[] _values = new VBuffer<T>[capacity];

    public override void Keep(int slot) => _getter(ref _values[slot]);

    public override Delegate Getter(Func<int> current) => (ValueGetter<VBuffer<T>>)((ref VBuffer<T> value) => _values[current()].CopyTo(ref value));
}
