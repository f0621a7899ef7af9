using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>The label column of a schema.</summary>
internal sealed class LabelColumn
{
    // A key without a known number of values says that it has four thousand million; a network has an output for each.
    private const ulong MaxClasses = 1_000_000;

    private LabelColumn(DataViewSchema.Column column)
    {
        (Column, Keys) = (column, ClassKeys.Of(column));
    }

    public DataViewSchema.Column Column { get; }

    public ClassKeys Keys { get; }

    /// <exception cref="ArgumentOutOfRangeException">There is no such column, it is no key, or a key of more values than a network can have classes.</exception>
    public static LabelColumn Bind(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ScoreSchema.NotFound("label", name);
        return column.Type is KeyDataViewType { Count: <= MaxClasses } && column.Type.RawType == typeof(uint)
            ? new LabelColumn(column)
            : throw ScoreSchema.Mismatch("label", name, FormattableString.Invariant($"Key<UInt32> of at most {MaxClasses} values"), column.Type.ToString()!);
    }

    /// <summary>Reads the class of the row's current position, from 0; null where the label is missing.</summary>
    public Func<int?> Reader(DataViewRow row)
    {
        ValueGetter<uint> getter = row.GetGetter<uint>(row.Schema[Column.Index]);
        return () =>
        {
            uint key = 0;
            getter(ref key);
            return key == 0 ? null : (int)(key - 1);
        };
    }
}
