namespace Microsoft.ML.Data;

/// <summary>The rows that pass a test. The test is made anew for each cursor.</summary>
internal sealed class FilteredDataView : IDataView
{
    private readonly IDataView _source;
    private readonly DataViewSchema.Column[] _tested;
    private readonly Func<DataViewRow, Func<bool>> _test;
    private readonly bool _inOrderOnly;

    public FilteredDataView(IDataView source, DataViewSchema.Column[] tested, Func<DataViewRow, Func<bool>> test, bool inOrderOnly = false)
    {
        _source = source;
        _tested = tested;
        _test = test;
        _inOrderOnly = inOrderOnly;
    }

    public bool CanShuffle => _source.CanShuffle && !_inOrderOnly;

    public DataViewSchema Schema => _source.Schema;

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return Over(_source.GetRowCursor(needed.Concat(_tested), _inOrderOnly ? null : rand), needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        if (_inOrderOnly)
            return [GetRowCursor(needed)];
        return [.. _source.GetRowCursorSet(needed.Concat(_tested), n, rand).Select(input => Over(input, needed))];
    }

    private SelectingCursor Over(DataViewRowCursor input, DataViewSchema.Column[] needed)
    {
        Func<bool> passes = _test(input);
        return new SelectingCursor(input, needed, () =>
        {
            while (input.MoveNext())
            {
                if (passes())
                    return true;
            }

            return false;
        });
    }
}
