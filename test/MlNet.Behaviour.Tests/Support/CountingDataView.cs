using Microsoft.ML;

namespace MlNet.Behaviour.Tests;

/// <summary>Counts how often another data view is read, and which columns.</summary>
internal sealed class CountingDataView(IDataView source) : IDataView
{
    public int Cursors { get; private set; }

    public List<string> Asked { get; } = [];

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Note(columnsNeeded);
        return source.GetRowCursor(columnsNeeded, rand);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        Note(columnsNeeded);
        return source.GetRowCursorSet(columnsNeeded, n, rand);
    }

    private void Note(IEnumerable<DataViewSchema.Column> columns)
    {
        Cursors++;
        Asked.AddRange(columns.Select(c => c.Name));
    }
}
