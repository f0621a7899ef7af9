using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>A label that is one class: a key, or the value that a key stands for.</summary>
internal sealed class KeyLabelColumn : LabelColumn
{
    // A key without a known number of values says that it has four thousand million; a network has an output for each.
    private const ulong MaxClasses = 1_000_000;

    private KeyLabelColumn(DataViewSchema.Column column, ClassKeys keys)
        : base(column, keys)
    {
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such column, it is no key, or a key of more values than a network can have classes.</exception>
    public static KeyLabelColumn Bind(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ColumnError.NotFound("label", name);
        return column.Type is KeyDataViewType { Count: <= MaxClasses } && column.Type.RawType == typeof(uint)
            ? new KeyLabelColumn(column, ClassKeys.Of(column))
            : throw ColumnError.Mismatch("label", name, FormattableString.Invariant($"Key<UInt32> of at most {MaxClasses} values"), column.Type.ToString()!);
    }

    /// <summary>Finds the label of further rows: the same key, or the values that it stands for, not yet mapped.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is neither.</exception>
    /// <exception cref="ArgumentException">It is another key.</exception>
    public static KeyLabelColumn BindAlike(DataViewSchema schema, string name, ClassKeys keys)
    {
        if (schema.GetColumnOrNull(name) is { } column && column.Type.Equals(keys.ItemType))
            return new KeyLabelColumn(column, keys);
        KeyLabelColumn label = Bind(schema, name);
        return label.Keys.Matches(keys) ? label : throw new ArgumentException(
            $"The labels of column '{name}' are {label.Keys}, those of the training rows {keys}: both must be mapped by the same fitted MapValueToKey, or these not at all.", nameof(schema));
    }

    public override LabelColumn Alike(DataViewSchema schema, string name) => BindAlike(schema, name, Keys);

    public override string Describe(int number) => Keys.Names[number];

    public override Func<int?> Reader(DataViewRow row) => Column.Type is KeyDataViewType ? KeyReader(row) : ValueReader(row);

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
