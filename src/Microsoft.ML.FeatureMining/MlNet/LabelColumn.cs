using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>The label column of a schema.</summary>
internal sealed class LabelColumn
{
    // A key without a known number of values says that it has four thousand million; a network has an output for each.
    private const ulong MaxClasses = 1_000_000;

    private LabelColumn(DataViewSchema.Column column, ClassKeys keys)
    {
        (Column, Keys) = (column, keys);
    }

    public DataViewSchema.Column Column { get; }

    public ClassKeys Keys { get; }

    /// <exception cref="ArgumentOutOfRangeException">There is no such column, it is no key, or a key of more values than a network can have classes.</exception>
    public static LabelColumn Bind(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ScoreSchema.NotFound("label", name);
        return column.Type is KeyDataViewType { Count: <= MaxClasses } && column.Type.RawType == typeof(uint)
            ? new LabelColumn(column, ClassKeys.Of(column))
            : throw ScoreSchema.Mismatch("label", name, FormattableString.Invariant($"Key<UInt32> of at most {MaxClasses} values"), column.Type.ToString()!);
    }

    /// <summary>Finds the label of further rows: the same key, or the values that it stands for, not yet mapped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is neither.</exception>
    /// <exception cref="ArgumentException">It is another key.</exception>
    public static LabelColumn BindAlike(DataViewSchema schema, string name, ClassKeys keys)
    {
        if (schema.GetColumnOrNull(name) is { } column && column.Type.Equals(keys.ItemType))
            return new LabelColumn(column, keys);
        LabelColumn label = Bind(schema, name);
        return label.Keys.Matches(keys) ? label : throw new ArgumentException(
            $"The labels of the ValidationSet are {label.Keys}, those of the training rows {keys}: both must be mapped by the same fitted MapValueToKey, or these not at all.", nameof(schema));
    }

    /// <summary>Reads the class of the row's current position, from 0; null where the label is missing, or a value that is no class.</summary>
    public Func<int?> Reader(DataViewRow row) => Column.Type is KeyDataViewType ? KeyReader(row) : ValueReader(row);

    private Func<int?> KeyReader(DataViewRow row)
    {
        ValueGetter<uint> getter = row.GetGetter<uint>(row.Schema[Column.Index]);
        return () =>
        {
            uint key = 0;
            getter(ref key);
            return key == 0 ? null : (int)(key - 1);
        };
    }

    private Func<int?> ValueReader(DataViewRow row)
    {
        Func<string> read = Keys.ValueReader(row, row.Schema[Column.Index]);
        Dictionary<string, int> classes = Keys.Names.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        return () => classes.TryGetValue(read(), out int index) ? index : null;
    }
}
