using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class CursorTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void Cursor_CountsItsRows()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        using DataViewRowCursor cursor = data.GetRowCursor(data.Schema);

        Assert.Equal(-1, cursor.Position);
        Assert.True(cursor.MoveNext());
        Assert.Equal(0, cursor.Position);
        Assert.True(cursor.MoveNext());
        Assert.Equal(1, cursor.Position);
        Assert.False(cursor.MoveNext());
        Assert.Equal(-1, cursor.Position);
        Assert.False(cursor.MoveNext());
    }

    [Fact]
    public void Cursor_OnlyAskedColumnsAreActive()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        using DataViewRowCursor cursor = data.GetRowCursor([data.Schema["Number"]]);

        Assert.True(cursor.IsColumnActive(data.Schema["Number"]));
        Assert.False(cursor.IsColumnActive(data.Schema["Name"]));
        Assert.ThrowsAny<Exception>(() => cursor.GetGetter<ReadOnlyMemory<char>>(data.Schema["Name"]));
        Assert.Throws<InvalidOperationException>(() => cursor.GetGetter<float>(data.Schema["Number"]));
    }

    [Fact]
    public void Getter_BeforeTheFirstRow_Throws()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        using DataViewRowCursor cursor = data.GetRowCursor(data.Schema);
        ValueGetter<int> getter = cursor.GetGetter<int>(data.Schema["Number"]);

        int value = 0;
        Assert.ThrowsAny<Exception>(() => getter(ref value));
    }

    [Fact]
    public void Ids_NameRowsWhateverTheOrder()
    {
        IDataView data = _ml.Data.Cache(_ml.Data.LoadFromEnumerable(Numbered.Rows(20)));

        Dictionary<int, DataViewRowId> inOrder = Ids(data, null);
        Dictionary<int, DataViewRowId> shuffled = Ids(data, new Random(3));

        Assert.Equal(20, inOrder.Values.Distinct().Count());
        Assert.Equal(inOrder.OrderBy(p => p.Key), shuffled.OrderBy(p => p.Key));
        Assert.NotEqual(inOrder.Keys, shuffled.Keys);
    }

    [Fact]
    public void Cursors_SeveralAtOnceOnThreads_DoNotDisturbEachOther()
    {
        IDataView data = Scored();
        string[] expected = [.. data.GetColumn<string>("Answer")];
        var results = new ConcurrentBag<string[]>();

        Parallel.For(0, 8, _ => results.Add([.. data.GetColumn<string>("Answer")]));

        Assert.Equal(8, results.Count);
        Assert.All(results, r => Assert.Equal(expected, r));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void CursorSet_VisitsEachRowOnce(int n)
    {
        IDataView data = _ml.Data.Cache(Scored());
        DataViewRowCursor[] cursors = data.GetRowCursorSet(data.Schema.Where(c => c.Name == "Number"), n);

        List<int> seen = [];
        foreach (DataViewRowCursor cursor in cursors)
        {
            using (cursor)
                seen.AddRange(Numbers(cursor));
        }

        Assert.InRange(cursors.Length, 1, n);
        Assert.Equal(Enumerable.Range(0, 50), seen.Order());
    }

    [Fact]
    public void Transform_AsksTheSourceForWhatItNeedsOnly()
    {
        var source = new CountingDataView(_ml.Data.LoadFromEnumerable(Numbered.Rows(5)));
        IDataView mapped = _ml.Transforms.Conversion.MapValueToKey("Key", "Name").Fit(source).Transform(source);
        source.Asked.Clear();

        Assert.Equal(5, mapped.GetColumn<uint>("Key").Count());
        Assert.Equal(["Name"], source.Asked.Distinct());
        source.Asked.Clear();
        Assert.Equal(5, mapped.GetColumn<int>("Number").Count());
        Assert.Equal(["Number"], source.Asked.Distinct());
    }

    private static IEnumerable<int> Numbers(DataViewRowCursor cursor)
    {
        ValueGetter<int> getter = cursor.GetGetter<int>(cursor.Schema["Number"]);
        int value = 0;
        while (cursor.MoveNext())
        {
            getter(ref value);
            yield return value;
        }
    }

    private static Dictionary<int, DataViewRowId> Ids(IDataView data, Random random)
    {
        using DataViewRowCursor cursor = data.GetRowCursor(data.Schema, random);
        ValueGetter<DataViewRowId> idGetter = cursor.GetIdGetter();
        ValueGetter<int> number = cursor.GetGetter<int>(data.Schema["Number"]);
        var ids = new Dictionary<int, DataViewRowId>();
        while (cursor.MoveNext())
        {
            int value = 0;
            DataViewRowId id = default;
            number(ref value);
            idGetter(ref id);
            ids.Add(value, id);
        }

        return ids;
    }

    private IDataView Scored()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(50));
        return _ml.Transforms.Conversion.MapValueToKey("Key", "Name")
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "Key"))
            .Fit(data).Transform(data);
    }
}
