namespace Microsoft.ML.Data;

/// <summary>A sequence of objects as a data view. A list knows its length and can be read in another order.</summary>
internal sealed class EnumerableDataView<TRow> : IDataView
    where TRow : class
{
    private readonly IEnumerable<TRow> _rows;
    private readonly TypedColumn[] _columns;

    public EnumerableDataView(IEnumerable<TRow> rows, TypedColumn[] columns)
    {
        _rows = rows;
        _columns = columns;
        Schema = SchemaOf(columns);
    }

    public bool CanShuffle => _rows is IList<TRow>;

    public DataViewSchema Schema { get; }

    public static DataViewSchema SchemaOf(TypedColumn[] columns)
    {
        var builder = new DataViewSchema.Builder();
        foreach (TypedColumn column in columns)
            builder.AddColumn(column.Name, column.Type, column.Annotations);
        return builder.ToSchema();
    }

    public long? GetRowCount() => (_rows as IList<TRow>)?.Count;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) => new Cursor(this, columnsNeeded, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursor
    {
        private readonly TypedColumn[] _columns;
        private readonly IEnumerator<(TRow Row, long Place)> _rows;

        public Cursor(EnumerableDataView<TRow> view, IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand)
            : base(view.Schema, columnsNeeded)
        {
            _columns = view._columns;
            _rows = (rand is not null && view._rows is IList<TRow> list ? Permuted(list, rand) : InOrder(view._rows)).GetEnumerator();
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) =>
        {
            CheckOnRow();
            value = new DataViewRowId((ulong)_rows.Current.Place, 0);
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

        private static IEnumerable<(TRow Row, long Place)> InOrder(IEnumerable<TRow> rows) => rows.Select((row, place) => (row, (long)place));

        private static IEnumerable<(TRow Row, long Place)> Permuted(IList<TRow> rows, Random rand)
            => Permutation.Of(rows.Count, rand).Select(place => (rows[place], (long)place));

        private TRow Current()
        {
            CheckOnRow();
            return _rows.Current.Row;
        }
    }
}
