using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A cursor that counts its own rows.</summary>
internal abstract class RootCursor : DataViewRowCursor
{
    private readonly bool[] _active;
    private long _position = -1;
    private bool _finished;

    protected RootCursor(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columnsNeeded)
    {
        Schema = schema;
        _active = ColumnSets.Flags(schema, columnsNeeded);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override bool MoveNext()
    {
        if (_finished)
            return false;
        if (MoveNextCore())
        {
            _position++;
            return true;
        }

        Dispose();
        return false;
    }

    protected abstract bool MoveNextCore();

    protected void CheckOnRow() => Contracts.Check(_position >= 0, "Values can be fetched only while the cursor is on a row");

    protected override void Dispose(bool disposing)
    {
        _finished = true;
        _position = -1;
        base.Dispose(disposing);
    }
}
