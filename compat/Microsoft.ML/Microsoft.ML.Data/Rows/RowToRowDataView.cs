using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A data view seen through a mapper of rows.</summary>
internal sealed class RowToRowDataView : IDataView
{
    private readonly IDataView _source;
    private readonly IRowToRowMapper _mapper;

    public RowToRowDataView(IDataView source, IRowToRowMapper mapper)
    {
        _source = source;
        _mapper = mapper;
    }

    public bool CanShuffle => _source.CanShuffle;

    public DataViewSchema Schema => _mapper.OutputSchema;

    public long? GetRowCount() => _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        Contracts.CheckValue(columnsNeeded, nameof(columnsNeeded));
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return Over(_source.GetRowCursor(_mapper.GetDependencies(needed), rand), needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        Contracts.CheckValue(columnsNeeded, nameof(columnsNeeded));
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return [.. _source.GetRowCursorSet(_mapper.GetDependencies(needed), n, rand).Select(input => Over(input, needed))];
    }

    private RowToRowCursor Over(DataViewRowCursor input, DataViewSchema.Column[] needed) => new(input, _mapper.GetRow(input, needed));
}
