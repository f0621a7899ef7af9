namespace Microsoft.ML.Data;

/// <summary>A sequence of objects as a data view; it is enumerated anew by each cursor.</summary>
internal sealed class EnumerableDataView<TRow> : IDataView
    where TRow : class
{
    private readonly IEnumerable<TRow> _rows;
    private readonly TypedColumn[] _columns;

    public EnumerableDataView(IEnumerable<TRow> rows, TypedColumn[] columns)
    {
        _rows = rows;
        _columns = columns;
        Schema = TypedColumn.SchemaOf(columns);
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => (_rows as ICollection<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) => new Cursor(this, columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded)];

    private sealed class Cursor : RootCursor
    {
        private readonly TypedColumn[] _columns;
        private readonly IEnumerator<TRow> _rows;

        public Cursor(EnumerableDataView<TRow> view, IEnumerable<DataViewSchema.Column> columnsNeeded)
            : base(view.Schema, columnsNeeded)
        {
            _columns = view._columns;
            _rows = view._rows.GetEnumerator();
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
        {
            CheckOnRow();
            value = new DataViewRowId((ulong)Position, 0);
        };

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            TypedColumn typed = _columns[column.Index];
            return Getters.Cast<TValue>(MemberGetters.OfMember(typed.Member, typed.Type, Current));
        }

        protected override bool MoveNextCore() => _rows.MoveNext();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _rows.Dispose();
            base.Dispose(disposing);
        }

        private TRow Current()
        {
            CheckOnRow();
            return _rows.Current;
        }
    }
}
