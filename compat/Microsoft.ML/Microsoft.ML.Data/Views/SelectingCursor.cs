namespace Microsoft.ML.Data;

/// <summary>Visits some rows of another cursor.</summary>
internal sealed class SelectingCursor : RootCursor
{
    private readonly DataViewRowCursor _input;
    private readonly Func<bool> _moveNext;

    public SelectingCursor(DataViewRowCursor input, IEnumerable<DataViewSchema.Column> columnsNeeded, Func<bool> moveNext)
        : base(input.Schema, columnsNeeded)
    {
        _input = input;
        _moveNext = moveNext;
    }

    public override long Batch => _input.Batch;

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        ColumnSets.CheckActive(this, column);
        return _input.GetGetter<TValue>(column);
    }

    protected override bool MoveNextCore() => _moveNext();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _input.Dispose();
        base.Dispose(disposing);
    }
}
