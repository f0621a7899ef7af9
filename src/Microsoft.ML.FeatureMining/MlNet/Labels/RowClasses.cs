using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

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
