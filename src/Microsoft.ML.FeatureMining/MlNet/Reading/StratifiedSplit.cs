using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>
/// Decides row by row which are held out, the same share of each class (selection sampling, Knuth 3.4.2 S): a row is taken with the probability that
/// makes the count come out, so that nothing has to be kept to choose from.
/// </summary>
internal sealed class StratifiedSplit(IReadOnlyList<int> rowsPerClass, double fraction, RandomStream random)
{
    private readonly int[] _left = [.. rowsPerClass];

    // At least one row of each class stays in training.
    private readonly int[] _wanted = [.. rowsPerClass.Select(rows => Math.Min((int)Math.Round(rows * fraction), Math.Max(0, rows - 1)))];

    public bool TakesNext(int label)
    {
        bool takes = random.NextInt(_left[label]--) < _wanted[label];
        if (takes)
            _wanted[label]--;
        return takes;
    }
}

/// <summary>The class of each row of a data view, whose label is a key, text or a number.</summary>
internal sealed class RowClasses
{
    private RowClasses(DataViewSchema.Column column, IReadOnlyList<string> names, Array values, IReadOnlyList<int> ofRows)
    {
        (Column, Names, Values, OfRows) = (column, names, values, ofRows);
    }

    public DataViewSchema.Column Column { get; }

    /// <summary>In the order of the keys, by number, or by ordinal comparison.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The raw value of each class, of the column's type.</summary>
    public Array Values { get; }

    /// <summary>The class of each row, -1 where the label is missing.</summary>
    public IReadOnlyList<int> OfRows { get; }

    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is neither key, text nor number.</exception>
    public static RowClasses Read(IDataView rows, string labelColumnName)
    {
        DataViewSchema.Column column = rows.Schema.GetColumnOrNull(labelColumnName) ?? throw ColumnError.NotFound("label", labelColumnName);
        if (column.Type is KeyDataViewType)
            return ReadKeys(rows, KeyLabelColumn.Bind(rows.Schema, labelColumnName));
        return KeyItem.Of(column.Type) is { } item
            ? ReadValues(rows, column, item)
            : throw ColumnError.Mismatch("label", labelColumnName, "a key, text or a number", column.Type.ToString()!);
    }

    /// <summary>How many rows each class has.</summary>
    public int[] Counts()
    {
        var counts = new int[Names.Count];
        foreach (int index in OfRows.Where(index => index >= 0))
            counts[index]++;
        return counts;
    }

    /// <summary>The rows of each class, each time in the same random order: what takes more of them takes those that it took of fewer, too.</summary>
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
        using DataViewRowCursor cursor = rows.GetRowCursor([label.Column]);
        Func<int?> read = label.Reader(cursor);
        while (cursor.MoveNext())
            classes.Add(read() ?? -1);
        return new RowClasses(label.Column, label.Keys.Names, Enumerable.Range(1, label.Keys.Count).Select(key => (uint)key).ToArray(), classes);
    }

    private static RowClasses ReadValues(IDataView rows, DataViewSchema.Column column, KeyItem item)
    {
        List<string> texts = [];
        using DataViewRowCursor cursor = rows.GetRowCursor([column]);
        Func<string> read = item.ValueReader(cursor, cursor.Schema[column.Index]);
        while (cursor.MoveNext())
            texts.Add(read());
        bool isNumber = item.Type is NumberDataViewType;
        string missing = isNumber ? "NaN" : "";
        string[] names = [.. texts.Distinct(StringComparer.Ordinal).Where(text => text != missing)
            .OrderBy(text => isNumber ? double.Parse(text, CultureInfo.InvariantCulture) : 0).ThenBy(text => text, StringComparer.Ordinal)];
        Dictionary<string, int> indices = names.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        return new RowClasses(column, names, item.Values(names), [.. texts.Select(text => indices.GetValueOrDefault(text, -1))]);
    }
}

/// <summary>What a wrong label becomes.</summary>
public enum LabelNoise
{
    /// <summary>Any of the other classes, each with the same probability.</summary>
    Symmetric,

    /// <summary>The next class, in the order of the keys, numbers or names; the first one behind the last: a class is taken for one that it resembles.</summary>
    Pair,
}

/// <summary>Other labels for some rows.</summary>
/// <param name="Column">The index of the label's column.</param>
/// <param name="Values">The raw value of each class.</param>
/// <param name="OfRows">For each row its new class, -1 where the label stays.</param>
internal sealed record Relabeling(int Column, Array Values, IReadOnlyList<int> OfRows);

/// <summary>
/// A data view over another's rows, in their order, by what was decided about each of them before: which are taken, or whose label is another. It has the other's schema.
/// </summary>
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

    // In the source's order, always: the decisions are by position.
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new RowByRowCursor(_source.GetRowCursor(columnsNeeded), _rows, _taken, _labels);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>Passes over the rows of a <see cref="RowByRowView"/>.</summary>
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
            return getter;
        var values = (TValue[])labels.Values;
        return (ref TValue value) =>
        {
            if (labels.OfRows[_row] is >= 0 and var index)
                value = values[index];
            else
                getter(ref value);
        };
    }

    public override bool MoveNext()
    {
        while (input.MoveNext())
        {
            if (++_row >= rows)
                throw new InvalidOperationException(FormattableString.Invariant($"There are more than the {rows} rows that there were before; what was decided about them no longer holds."));
            if (taken?[_row] ?? true)
            {
                _position++;
                return true;
            }
        }
        _position = -1;
        return _row + 1 >= rows
            ? false
            : throw new InvalidOperationException(FormattableString.Invariant($"There are {_row + 1} rows where there were {rows} before; what was decided about them no longer holds."));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }
}
