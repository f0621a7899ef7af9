using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>One row: getters for the values of its active columns.</summary>
public abstract class DataViewRow : IDisposable
{
    private bool _disposed;

    /// <summary>The columns.</summary>
    public abstract DataViewSchema Schema { get; }

    /// <summary>The row's place among those that this cursor visits; -1 before the first.</summary>
    public abstract long Position { get; }

    /// <summary>Orders rows across the cursors of one set.</summary>
    public abstract long Batch { get; }

    /// <summary>A getter of the row's identity, which does not depend on the order of the visit.</summary>
    public abstract ValueGetter<DataViewRowId> GetIdGetter();

    /// <summary>Whether the column was asked for.</summary>
    public abstract bool IsColumnActive(DataViewSchema.Column column);

    /// <summary>A getter for an active column; its type must be the column's.</summary>
    public abstract ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        Dispose(true);
        _disposed = true;
        GC.SuppressFinalize(this);
    }

    /// <summary>Called once.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}
