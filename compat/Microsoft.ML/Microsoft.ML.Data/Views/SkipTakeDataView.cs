namespace Microsoft.ML.Data;

/// <summary>A stretch of the rows.</summary>
internal sealed class SkipTakeDataView : IDataView
{
    private readonly IDataView _source;
    private readonly long _skip;
    private readonly long _take;

    public SkipTakeDataView(IDataView source, long skip, long take)
    {
        _source = source;
        _skip = skip;
        _take = take;
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => _source.GetRowCount() is { } count ? Math.Min(Math.Max(count - _skip, 0), _take) : null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        DataViewRowCursor input = _source.GetRowCursor(needed);
        long toSkip = _skip;
        long left = _take;
        return new SelectingCursor(input, needed, () =>
        {
            while (toSkip > 0)
            {
                toSkip--;
                if (!input.MoveNext())
                    return false;
            }

            return left-- > 0 && input.MoveNext();
        });
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded)];
}
