using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>Holds out the same fraction of the rows of each class.</summary>
internal static class StratifiedSplit
{
    /// <summary>
    /// Draws the rows to hold out by selection sampling (Knuth 3.4.2, algorithm S): each row in turn is selected with the probability that makes the count
    /// exact. At least one row of each class is held out and at least one stays in training; a single row stays in training.
    /// </summary>
    /// <param name="labels">The class of each row, from 0; -1 for a row without a label, which is never held out.</param>
    /// <param name="fraction">The fraction to hold out, between 0 and 1 (both excluded).</param>
    /// <param name="random">The random stream; one draw per row with a label.</param>
    /// <returns>For each row, whether it is held out.</returns>
    public static bool[] HeldOut(IReadOnlyList<int> labels, double fraction, RandomStream random)
    {
        int[] left = new int[labels.DefaultIfEmpty(-1).Max() + 1];
        foreach (int label in labels.Where(label => label >= 0))
        {
            left[label]++;
        }

        int[] wanted = [.. left.Select(rows => rows < 2 ? 0 : Math.Clamp((int)Math.Round(rows * fraction), 1, rows - 1))];
        bool[] heldOut = new bool[labels.Count];
        for (int row = 0; row < heldOut.Length; row++)
        {
            int label = labels[row];
            if (label >= 0 && random.NextInt(left[label]--) < wanted[label])
            {
                heldOut[row] = true;
                wanted[label]--;
            }
        }

        return heldOut;
    }
}

/// <summary>The class of each row of a data view with a label that is a key, text or a number.</summary>
internal sealed class RowClasses
{
    private RowClasses(DataViewSchema.Column column, IReadOnlyList<string> names, Array values, IReadOnlyList<int> ofRows)
    {
        (Column, Names, Values, OfRows) = (column, names, values, ofRows);
    }

    public DataViewSchema.Column Column { get; }

    /// <summary>In the order of the keys, numerical order, or ordinal order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The raw value of each class, with the column's type.</summary>
    public Array Values { get; }

    /// <summary>The class of each row; -1 if the label is missing.</summary>
    public IReadOnlyList<int> OfRows { get; }

    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or it is not a key, text or a number.</exception>
    public static RowClasses Read(IDataView rows, string labelColumnName)
    {
        ArgumentNullException.ThrowIfNull(labelColumnName);
        DataViewSchema.Column column = rows.Schema.GetColumnOrNull(labelColumnName) ?? throw ColumnError.NotFound("label", labelColumnName);
        if (column.Type is KeyDataViewType)
        {
            return ReadKeys(rows, KeyLabelColumn.Bind(rows.Schema, labelColumnName));
        }

        return KeyItem.Of(column.Type) is { } item
            ? ReadValues(rows, column, item)
            : throw ColumnError.Mismatch("label", labelColumnName, "a key, text or a number", column.Type.ToString()!);
    }

    /// <summary>The number of rows of each class.</summary>
    public int[] Counts()
    {
        var counts = new int[Names.Count];
        foreach (int index in OfRows.Where(index => index >= 0))
        {
            counts[index]++;
        }

        return counts;
    }

    /// <summary>The rows of each class in random order. The order depends only on the seed, so that a larger sample contains a smaller one.</summary>
    public IEnumerable<int[]> Shuffled(RandomStream random)
    {
        ILookup<int, int> rows = OfRows.Index().ToLookup(entry => entry.Item, entry => entry.Index);
        for (int index = 0; index < Names.Count; index++)
        {
            int[] ofClass = [.. rows[index]];
            yield return [.. random.Permutation(ofClass.Length).Select(i => ofClass[i])];
        }
    }

    private static RowClasses ReadKeys(IDataView rows, LabelColumn label)
    {
        List<int> classes = [];
        using DataViewRowCursor cursor = InputRows.Open(rows, [label.Column]);
        Func<int?> read = label.Reader(cursor);
        while (cursor.MoveNext())
        {
            classes.Add(read() ?? -1);
        }

        return new RowClasses(label.Column, label.Keys.Names, Enumerable.Range(1, label.Keys.Count).Select(key => (uint)key).ToArray(), classes);
    }

    private static RowClasses ReadValues(IDataView rows, DataViewSchema.Column column, KeyItem item)
    {
        List<string> texts = [];
        using DataViewRowCursor cursor = InputRows.Open(rows, [column]);
        Func<string> read = item.ValueReader(cursor, cursor.Schema[column.Index]);
        while (cursor.MoveNext())
        {
            texts.Add(read());
        }

        bool isNumber = item.Type is NumberDataViewType;
        string missing = isNumber ? "NaN" : "";
        string[] names =
        [
            .. texts
                .Distinct(StringComparer.Ordinal)
                .Where(text => text != missing)
                .OrderBy(text => isNumber ? double.Parse(text, CultureInfo.InvariantCulture) : 0)
                .ThenBy(text => text, StringComparer.Ordinal),
        ];
        Dictionary<string, int> indices = names.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        return new RowClasses(column, names, item.Values(names), [.. texts.Select(text => indices.GetValueOrDefault(text, -1))]);
    }
}

/// <summary>How the class of a wrong label is chosen.</summary>
public enum LabelNoise
{
    /// <summary>Any of the other classes, each with the same probability.</summary>
    Symmetric,

    /// <summary>The next class in the order of the keys, numbers or names; the last becomes the first. Each class is confused with one other.</summary>
    Pair,
}

/// <summary>New labels for some rows.</summary>
/// <param name="Column">The index of the label's column.</param>
/// <param name="Values">The raw value of each class.</param>
/// <param name="OfRows">The new class of each row; -1 if the label does not change.</param>
internal sealed record Relabeling(int Column, Array Values, IReadOnlyList<int> OfRows);

/// <summary>A view of another data view with the same schema and order: a subset of its rows, or all rows with some labels changed.</summary>
internal sealed class RowByRowView : IDataView
{
    private readonly IDataView _source;
    private readonly IReadOnlyList<bool>? _taken;
    private readonly Relabeling? _labels;
    private readonly int _rows;

    private RowByRowView(IDataView source, int rows, IReadOnlyList<bool>? taken, Relabeling? labels)
    {
        (_source, _rows, _taken, _labels) = (source, rows, taken, labels);
    }

    public DataViewSchema Schema => _source.Schema;

    public bool CanShuffle => false;

    public static RowByRowView Select(IDataView source, IReadOnlyList<bool> taken) => new(source, taken.Count, taken, null);

    public static RowByRowView Relabel(IDataView source, Relabeling labels) => new(source, labels.OfRows.Count, null, labels);

    public long? GetRowCount() => _taken?.Count(takes => takes) ?? _rows;

    // Always in the source's order: rows are selected by position.
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new RowByRowCursor(InputRows.Open(_source, columnsNeeded), _rows, _taken, _labels);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>The cursor of a <see cref="RowByRowView"/>.</summary>
internal sealed class RowByRowCursor(DataViewRowCursor input, int rows, IReadOnlyList<bool>? taken, Relabeling? labels) : DataViewRowCursor
{
    private long _position = -1;
    private int _row = -1;

    public override DataViewSchema Schema => input.Schema;

    public override long Position => _position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        ValueGetter<TValue> getter = input.GetGetter<TValue>(column);
        if (labels is null || column.Index != labels.Column)
        {
            return getter;
        }

        var values = (TValue[])labels.Values;
        return (ref TValue value) =>
        {
            if (labels.OfRows[_row] is >= 0 and var index)
            {
                value = values[index];
            }
            else
            {
                getter(ref value);
            }
        };
    }

    public override bool MoveNext()
    {
        while (input.MoveNext())
        {
            if (++_row >= rows)
            {
                throw new InvalidOperationException(
                    FormattableString.Invariant(
                        $"The data view has more than the {rows} rows that it had when rows were selected or relabeled. {LabeledRows.SameRowsAdvice}"
                    )
                );
            }

            if (taken?[_row] ?? true)
            {
                _position++;
                return true;
            }
        }
        _position = -1;
        return _row + 1 >= rows
            ? false
            : throw new InvalidOperationException(
                FormattableString.Invariant(
                    $"The data view has {_row + 1} rows, but it had {rows} when rows were selected or relabeled. {LabeledRows.SameRowsAdvice}"
                )
            );
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            input.Dispose();
        }

        base.Dispose(disposing);
    }
}
