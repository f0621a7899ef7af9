using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>The values of one column over the rows that a cursor has read ahead.</summary>
internal abstract class ColumnBuffer
{
    public static ColumnBuffer Create(DataViewRow row, DataViewSchema.Column column, int capacity)
    {
        Type type = column.Type is VectorDataViewType vector
            ? typeof(VectorColumnBuffer<>).MakeGenericType(vector.ItemType.RawType)
            : typeof(ScalarColumnBuffer<>).MakeGenericType(column.Type.RawType);
        return (ColumnBuffer)Activator.CreateInstance(type, row, column, capacity)!;
    }

    /// <summary>Keeps the value of the row's current position.</summary>
    public abstract void Keep(int slot);

    /// <summary>Gives out the value of the slot that <paramref name="current"/> names when it is called.</summary>
    public abstract Delegate Getter(Func<int> current);
}
