namespace Microsoft.ML.Data;

/// <summary>The input's columns and those that a transformer adds: each after the last column of the same name, or at the end.</summary>
internal sealed class AddedColumnsMapper : IRowToRowMapper
{
    private readonly OutputColumn[] _added;
    private readonly List<int> _origins;

    public AddedColumnsMapper(DataViewSchema input, IEnumerable<OutputColumn> added)
    {
        _added = [.. added];
        InputSchema = input;
        _origins = [.. Enumerable.Range(0, input.Count)];
        for (int i = 0; i < _added.Length; i++)
        {
            int same = _origins.FindLastIndex(origin => NameOf(origin) == _added[i].Column.Name);
            _origins.Insert(same < 0 ? _origins.Count : same + 1, ~i);
        }

        var builder = new DataViewSchema.Builder();
        builder.AddColumns(_origins.Select(origin => origin >= 0 ? new DataViewSchema.DetachedColumn(input[origin]) : _added[~origin].Column));
        OutputSchema = builder.ToSchema();
    }

    public DataViewSchema InputSchema { get; }

    public DataViewSchema OutputSchema { get; }

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns)
    {
        var needed = dependingColumns.SelectMany(c => _origins[c.Index] is >= 0 and var source ? [source] : _added[~_origins[c.Index]].Inputs).ToHashSet();
        return InputSchema.Where(c => needed.Contains(c.Index));
    }

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new Row(input, this, activeColumns);

    private string NameOf(int origin) => origin >= 0 ? InputSchema[origin].Name : _added[~origin].Column.Name;

    private sealed class Row : WrappingRow
    {
        private readonly AddedColumnsMapper _mapper;
        private readonly bool[] _active;
        private readonly Delegate[] _getters;

        public Row(DataViewRow input, AddedColumnsMapper mapper, IEnumerable<DataViewSchema.Column> activeColumns)
            : base(input)
        {
            _mapper = mapper;
            _active = ColumnSets.Flags(mapper.OutputSchema, activeColumns);
            _getters = new Delegate[_active.Length];
            for (int i = 0; i < _active.Length; i++)
            {
                if (_active[i] && mapper._origins[i] < 0)
                    _getters[i] = mapper._added[~mapper._origins[i]].Getter(input);
            }
        }

        public override DataViewSchema Schema => _mapper.OutputSchema;

        public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            int origin = _mapper._origins[column.Index];
            return origin >= 0 ? Input.GetGetter<TValue>(Input.Schema[origin]) : Getters.Cast<TValue>(_getters[column.Index]);
        }
    }
}
