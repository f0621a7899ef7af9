namespace Microsoft.ML.Data;

/// <summary>Columns without rows.</summary>
internal sealed class EmptyDataView : IDataView
{
    public EmptyDataView(DataViewSchema schema) => Schema = schema;

    public bool CanShuffle => true;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => 0;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) => new Cursor(Schema, columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursor
    {
        public Cursor(DataViewSchema schema, IEnumerable<DataViewSchema.Column> columnsNeeded)
            : base(schema, columnsNeeded)
        {
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId _) => CheckOnRow();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            return (ref TValue _) => CheckOnRow();
        }

        protected override bool MoveNextCore() => false;
    }
}
