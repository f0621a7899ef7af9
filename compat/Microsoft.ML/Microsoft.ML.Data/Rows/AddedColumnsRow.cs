namespace Microsoft.ML.Data;

/// <summary>A row of <see cref="AddedColumnsMapper"/>.</summary>
internal sealed class AddedColumnsRow : WrappingRow
{
    private readonly bool[] _active;
    private readonly Delegate[] _getters;

    public AddedColumnsRow(DataViewRow input, DataViewSchema schema, OutputColumn[] added, IEnumerable<DataViewSchema.Column> activeColumns)
        : base(input)
    {
        Schema = schema;
        _active = ColumnSets.Flags(schema, activeColumns);
        _getters = new Delegate[added.Length];
        for (int i = 0; i < added.Length; i++)
        {
            if (_active[input.Schema.Count + i])
                _getters[i] = added[i].Getter(input);
        }
    }

    public override DataViewSchema Schema { get; }

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        ColumnSets.CheckActive(this, column);
        int inputs = Input.Schema.Count;
        return column.Index < inputs ? Input.GetGetter<TValue>(Input.Schema[column.Index]) : Getters.Cast<TValue>(_getters[column.Index - inputs]);
    }
}
