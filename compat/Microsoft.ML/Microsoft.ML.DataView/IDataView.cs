namespace Microsoft.ML;

/// <summary>A table that is read row by row: a schema and cursors over the rows.</summary>
public interface IDataView
{
    /// <summary>Whether a cursor honours a random generator, visiting the rows in another order.</summary>
    bool CanShuffle { get; }

    /// <summary>The columns.</summary>
    DataViewSchema Schema { get; }

    /// <summary>The number of rows, or null where counting them would take reading them.</summary>
    long? GetRowCount();

    /// <summary>A cursor in which at least the needed columns are active.</summary>
    DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null);

    /// <summary>Up to <paramref name="n"/> cursors which together visit every row once.</summary>
    DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null);
}
