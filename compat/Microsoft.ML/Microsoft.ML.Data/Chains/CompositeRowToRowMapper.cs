namespace Microsoft.ML.Data;

/// <summary>Mappers in a row.</summary>
internal sealed class CompositeRowToRowMapper : IRowToRowMapper
{
    private readonly IRowToRowMapper[] _mappers;

    public CompositeRowToRowMapper(DataViewSchema inputSchema, IRowToRowMapper[] mappers)
    {
        InputSchema = inputSchema;
        OutputSchema = mappers.LastOrDefault()?.OutputSchema ?? inputSchema;
        _mappers = mappers;
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => _mappers.Reverse().Aggregate(dependingColumns, (columns, mapper) => mapper.GetDependencies(columns));

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns)
    {
        // Each mapper is asked for what those after it need.
        var needed = new IEnumerable<DataViewSchema.Column>[_mappers.Length];
        IEnumerable<DataViewSchema.Column> columns = activeColumns;
        for (int i = _mappers.Length - 1; i >= 0; i--)
        {
            needed[i] = [.. columns];
            columns = _mappers[i].GetDependencies(needed[i]);
        }

        DataViewRow row = input;
        for (int i = 0; i < _mappers.Length; i++)
            row = _mappers[i].GetRow(row, needed[i]);
        return row;
    }
}
