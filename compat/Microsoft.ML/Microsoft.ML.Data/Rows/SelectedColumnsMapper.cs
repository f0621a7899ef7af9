namespace Microsoft.ML.Data;

/// <summary>Some of the input's columns, in an order of their own.</summary>
internal sealed class SelectedColumnsMapper : IRowToRowMapper
{
    private readonly DataViewSchema.Column[] _kept;

    public SelectedColumnsMapper(DataViewSchema input, DataViewSchema.Column[] kept)
    {
        _kept = kept;
        InputSchema = input;
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(kept);
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
        => [.. dependingColumns.Select(c => _kept[c.Index]).DistinctBy(c => c.Index)];

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(input, this, activeColumns);

    private sealed class Row : WrappingRow
    {
        private readonly SelectedColumnsMapper _mapper;
        private readonly bool[] _active;

        public Row(DataViewRow input, SelectedColumnsMapper mapper, IEnumerable<DataViewSchema.Column> activeColumns)
            : base(input)
        {
            _mapper = mapper;
            _active = ColumnSets.Flags(mapper.OutputSchema, activeColumns);
        }

        public override DataViewSchema Schema => _mapper.OutputSchema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            return Input.GetGetter<TValue>(_mapper._kept[column.Index]);
        }
    }
}
