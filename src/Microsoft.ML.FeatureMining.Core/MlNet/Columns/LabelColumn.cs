using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.MlNet.Columns;

/// <summary>The label column of a schema. It gives each row a number: the index of a class or of a set of classes.</summary>
internal abstract class LabelColumn(DataViewSchema.Column column, ClassKeys keys)
{
    private readonly Dictionary<string, int> _unknown = new(StringComparer.Ordinal);

    public DataViewSchema.Column Column { get; } = column;

    /// <summary>The classes.</summary>
    public ClassKeys Keys { get; } = keys;

    /// <summary>The columns that <see cref="Reader"/> uses.</summary>
    public virtual IEnumerable<DataViewSchema.Column> Columns => [Column];

    /// <summary>Names that a reader came across and that are not classes, each with the number of times.</summary>
    public IReadOnlyDictionary<string, int> Unknown => _unknown;

    /// <summary>Finds the classes by name.</summary>
    public ClassLookup Lookup => field ??= new ClassLookup(Keys.Names);

    /// <summary>The set of classes of each number read so far, [K] of 0 and 1; null if a number is the index of a class.</summary>
    public virtual IReadOnlyList<float[]>? Sets => null;

    /// <summary>Whether a number is the index of a class or of a set of classes; false if each row has its own number (object detection).</summary>
    public virtual bool IsClass => true;

    /// <summary>The sets of an image set: <see cref="Sets"/>, or the objects of each row in the network's input.</summary>
    /// <param name="sizes">The size of each row's image before resizing, by number; default if it is unreadable. Empty if <see cref="IsClass"/>.</param>
    /// <param name="preprocessing">How images were resized.</param>
    /// <exception cref="ArgumentException">An object is outside its image.</exception>
    public virtual IReadOnlyList<float[]>? SetsOf(IReadOnlyList<ImageSize> sizes, ImagePreprocessing preprocessing) => Sets;

    /// <summary>The group of a number in a stratified split: rows of each group are held out in the same proportion.</summary>
    public int StratumOf(int number) => IsClass ? number : 0;

    /// <summary>
    /// Returns a function that reads the number at the row's current position, from 0; null if the label is missing or not one of the classes.
    /// </summary>
    public abstract Func<int?> Reader(DataViewRow row);

    /// <summary>Finds the label column of other rows with the same classes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or it has another type.</exception>
    /// <exception cref="ArgumentException">The column has other classes.</exception>
    public abstract LabelColumn BindTo(DataViewSchema schema, string name);

    /// <summary>The name of a label, for error messages.</summary>
    public abstract string Describe(int number);

    /// <summary>The class with a name; null, and counted as unknown, if there is none. An empty name is a missing label.</summary>
    protected int? Find(string name)
    {
        if (Lookup.Find(name) is { } index)
        {
            return index;
        }

        if (name.Length > 0)
        {
            _unknown[name] = _unknown.GetValueOrDefault(name) + 1;
        }

        return null;
    }
}

/// <summary>A label that is one class: a key, or the value of a key.</summary>
internal sealed class KeyLabelColumn : LabelColumn
{
    // A key with an unknown number of values reports more than four billion; a network would need an output for each.
    private const ulong MaxClasses = 1_000_000;

    // The text that MapValueToKey replaced by the key. ML.NET hides it, but it is still there.
    private readonly DataViewSchema.Column? _mapped;

    private KeyLabelColumn(DataViewSchema.Column column, ClassKeys keys, DataViewSchema.Column? mapped = null)
        : base(column, keys)
    {
        _mapped = mapped;
    }

    public override IEnumerable<DataViewSchema.Column> Columns => _mapped is { } mapped ? [Column, mapped] : [Column];

    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, is not a key, or is a key with more values than a network can have
    /// classes.</exception>
    public static KeyLabelColumn Bind(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ColumnError.NotFound("label", name);
        if (column.Type is not KeyDataViewType)
        {
            throw ColumnError.NotAKey(name, column.Type.ToString()!);
        }

        return column.Type is KeyDataViewType { Count: <= MaxClasses } && column.Type.RawType == typeof(uint)
            ? WithMapped(schema, column, ClassKeys.Of(column))
            : throw ColumnError.Mismatch("label", name, FormattableString.Invariant($"Key<UInt32> of at most {MaxClasses} values"), column.Type.ToString()!);
    }

    /// <summary>Finds the label column of other rows: the same key, or its values, not yet mapped to keys.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or is neither.</exception>
    /// <exception cref="ArgumentException">The column is another key.</exception>
    public static KeyLabelColumn BindWithKeys(DataViewSchema schema, string name, ClassKeys keys)
    {
        if (schema.GetColumnOrNull(name) is { } column && column.Type.Equals(keys.ItemType))
        {
            return new KeyLabelColumn(column, keys);
        }

        KeyLabelColumn label = Bind(schema, name);
        return label.Keys.Matches(keys)
            ? label
            : throw new ArgumentException(
                $"The labels in column '{name}' are {label.Keys}, but those of the training rows are {keys}. Map both by the same fitted MapValueToKey, "
                    + "or leave these labels unmapped.",
                nameof(schema)
            );
    }

    public override LabelColumn BindTo(DataViewSchema schema, string name) => BindWithKeys(schema, name, Keys);

    public override string Describe(int number) => Keys.Names[number];

    public override Func<int?> Reader(DataViewRow row) => Column.Type is KeyDataViewType ? KeyReader(row) : ValueReader(row);

    private static KeyLabelColumn WithMapped(DataViewSchema schema, DataViewSchema.Column column, ClassKeys keys)
    {
        DataViewSchema.Column[] mapped =
        [
            .. schema.Where(other =>
                other.Index < column.Index && other.Name == column.Name && other.Type is TextDataViewType && keys.ItemType is TextDataViewType
            ),
        ];
        return new KeyLabelColumn(column, keys, mapped.Length > 0 ? mapped[^1] : null);
    }

    // A missing key may be that of a class with its name in another normalization form, or of a class that is not known.
    private Func<int?> KeyReader(DataViewRow row)
    {
        ValueGetter<uint> getter = row.GetGetter<uint>(row.Schema[Column.Index]);
        Func<string>? read = _mapped is { } mapped && row.IsColumnActive(row.Schema[mapped.Index]) ? Keys.ValueReader(row, row.Schema[mapped.Index]) : null;
        return () =>
        {
            uint key = 0;
            getter(ref key);
            return key > 0 ? (int)(key - 1)
                : read is null ? null
                : Find(read());
        };
    }

    private Func<int?> ValueReader(DataViewRow row)
    {
        Func<string> read = Keys.ValueReader(row, row.Schema[Column.Index]);
        string missing = Keys.ItemType is TextDataViewType ? "" : "NaN";
        return () => read() is { } name && name != missing ? Find(name) : null;
    }
}

/// <summary>
/// A label that is a set of classes: a vector of 0 and 1, one per class; or names, as a vector of text or as one text with names separated by commas,
/// semicolons or bars. Equal sets have the same number; sets are numbered in order of first appearance.
/// </summary>
internal sealed class LabelSetColumn : LabelColumn
{
    public const string Expected = "Vector<Single> of 0 and 1, Text or VarVector<Text>";

    private static readonly char[] Separators = [',', ';', '|'];

    private readonly List<float[]> _sets = [];
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    private LabelSetColumn(DataViewSchema.Column column, ClassKeys keys)
        : base(column, keys) { }

    public override IReadOnlyList<float[]> Sets => _sets;

    /// <summary>Finds the column and its classes: the slot names of the vector, or all names in the column, in ordinal order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or its type is not a set of classes.</exception>
    public static LabelSetColumn Bind(IDataView rows, string name)
    {
        DataViewSchema.Column column = FindColumn(rows.Schema, name);
        return new LabelSetColumn(column, IsMultiHot(column.Type) ? ClassKeys.OfSlots(column) : ClassKeys.OfText([.. Names(rows, column)]));
    }

    public override LabelColumn BindTo(DataViewSchema schema, string name) => BindWithKeys(schema, name, Keys);

    /// <summary>Finds the label column of rows with known classes.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or its type is not a set of classes.</exception>
    /// <exception cref="ArgumentException">The column has other classes.</exception>
    public static LabelSetColumn BindWithKeys(DataViewSchema schema, string name, ClassKeys keys)
    {
        DataViewSchema.Column column = FindColumn(schema, name);
        bool fits = IsMultiHot(column.Type) ? ((VectorDataViewType)column.Type).Size == keys.Count : keys.ItemType is TextDataViewType;
        return fits
            ? new LabelSetColumn(column, keys)
            : throw new ArgumentException(
                $"The labels in column '{name}' have type {column.Type}, which does not match the {keys} of the model.",
                nameof(schema)
            );
    }

    /// <summary>Ignores names that are not one of the classes.</summary>
    public override Func<int?> Reader(DataViewRow row)
    {
        if (IsMultiHot(Column.Type))
        {
            return MultiHotReader(row);
        }

        Func<IEnumerable<string>> read = NameReader(row, row.Schema[Column.Index]);
        return () =>
        {
            var set = new float[Keys.Count];
            foreach (string name in read())
            {
                if (Find(name) is { } index)
                {
                    set[index] = 1;
                }
            }
            return NumberOf(set);
        };
    }

    public override string Describe(int number)
    {
        string names = string.Join(", ", Keys.Names.Where((_, index) => _sets[number][index] > 0));
        return names.Length == 0 ? "none of the classes" : names;
    }

    public static bool IsSet(DataViewType type) => IsMultiHot(type) || type is TextDataViewType or VectorDataViewType { ItemType: TextDataViewType };

    private static bool IsMultiHot(DataViewType type) =>
        type is VectorDataViewType { IsKnownSize: true, ItemType: NumberDataViewType item } && item.RawType == typeof(float);

    private static DataViewSchema.Column FindColumn(DataViewSchema schema, string name)
    {
        DataViewSchema.Column column = schema.GetColumnOrNull(name) ?? throw ColumnError.NotFound("label", name);
        return IsSet(column.Type) ? column : throw ColumnError.Mismatch("label", name, Expected, column.Type.ToString()!);
    }

    private static SortedSet<string> Names(IDataView rows, DataViewSchema.Column column)
    {
        SortedSet<string> names = new(StringComparer.Ordinal);
        using DataViewRowCursor cursor = InputRows.Open(rows, [column]);
        Func<IEnumerable<string>> read = NameReader(cursor, column);
        while (cursor.MoveNext())
        {
            names.UnionWith(read());
        }

        return names;
    }

    private static Func<IEnumerable<string>> NameReader(DataViewRow row, DataViewSchema.Column column)
    {
        if (column.Type is TextDataViewType)
        {
            ValueGetter<ReadOnlyMemory<char>> text = row.GetGetter<ReadOnlyMemory<char>>(column);
            ReadOnlyMemory<char> value = default;
            return () =>
            {
                text(ref value);
                return value.ToString().Split(Separators, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            };
        }
        ValueGetter<VBuffer<ReadOnlyMemory<char>>> texts = row.GetGetter<VBuffer<ReadOnlyMemory<char>>>(column);
        VBuffer<ReadOnlyMemory<char>> values = default;
        return () =>
        {
            texts(ref values);
            return values.DenseValues().Select(value => value.ToString()).Where(name => name.Length > 0);
        };
    }

    private Func<int?> MultiHotReader(DataViewRow row)
    {
        ValueGetter<VBuffer<float>> getter = row.GetGetter<VBuffer<float>>(row.Schema[Column.Index]);
        VBuffer<float> values = default;
        return () =>
        {
            getter(ref values);
            float[] set = [.. values.DenseValues()];
            if (set.Any(float.IsNaN))
            {
                return null;
            }

            return set.All(value => value is 0 or 1)
                ? NumberOf(set)
                : throw new ArgumentException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The label column '{Column.Name}' has the value {set.First(value => value is not (0 or 1))} in row {row.Position}; "
                            + $"a set of classes must be a vector of 0 and 1."
                    )
                );
        };
    }

    private int NumberOf(float[] set)
    {
        string key = string.Create(
            set.Length,
            set,
            (characters, values) =>
            {
                for (int i = 0; i < values.Length; i++)
                {
                    characters[i] = values[i] > 0 ? '1' : '0';
                }
            }
        );
        if (!_numbers.TryGetValue(key, out int number))
        {
            _numbers.Add(key, number = _sets.Count);
            _sets.Add(set);
        }
        return number;
    }
}
