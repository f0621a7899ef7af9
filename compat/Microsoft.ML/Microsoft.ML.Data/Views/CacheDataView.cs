using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Keeps in memory each column that is read, from its first reading on; columns that cannot be kept are left out.</summary>
internal sealed class CacheDataView : IDataView
{
    private readonly IHostEnvironment _env;
    private readonly IDataView _source;
    private readonly int[] _sourceIndex;
    private readonly ColumnStore[] _stores;
    private readonly object _lock = new();
    private int? _count;

    public CacheDataView(IHostEnvironment env, IDataView source)
    {
        _env = env;
        _source = source;
        DataViewSchema.Column[] kept = [.. source.Schema.Where(c => ColumnStore.CanKeep(c.Type))];
        _sourceIndex = [.. kept.Select(c => c.Index)];
        _stores = new ColumnStore[kept.Length];
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(kept);
        Schema = builder.ToSchema();
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _count ?? _source.GetRowCount();

    public void Prefetch(string[] names)
    {
        if (names.Length == 0)
            return;
        Fill([.. names.Select(n => Schema.GetColumnOrNull(n) ?? throw _env.ExceptSchemaMismatch("columnsToPrefetch", "prefetch", n))]);
    }

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => GetRowCursorSet(columnsNeeded, 1, rand)[0];

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        int count = Fill(needed);
        int[] order = rand is null ? null : Permutation.Of(count, rand);
        int parts = Math.Max(1, Math.Min(n, count));
        return [.. Enumerable.Range(0, parts).Select(part => new Cursor(this, needed, order, (int)((long)count * part / parts), (int)((long)count * (part + 1) / parts)))];
    }

    private int Fill(DataViewSchema.Column[] columns)
    {
        lock (_lock)
        {
            int[] missing = [.. columns.Select(c => c.Index).Distinct().Where(i => _stores[i] is null)];
            if (missing.Length == 0 && _count is { } known)
                return known;
            ColumnStore[] fresh = [.. missing.Select(i => ColumnStore.Create(Schema[i].Type))];
            int count = 0;
            using (DataViewRowCursor cursor = _source.GetRowCursor(missing.Select(i => _source.Schema[_sourceIndex[i]])))
            {
                for (int i = 0; i < fresh.Length; i++)
                    fresh[i].ReadFrom(cursor, _source.Schema[_sourceIndex[missing[i]]]);
                for (; cursor.MoveNext(); count++)
                {
                    foreach (ColumnStore store in fresh)
                        store.Keep(count);
                }
            }

            _env.Check((_count ?? count) == count, "The data gave another number of rows than before");
            for (int i = 0; i < fresh.Length; i++)
                _stores[missing[i]] = fresh[i];
            _count = count;
            return count;
        }
    }

    private sealed class Cursor : RootCursor
    {
        private readonly CacheDataView _view;
        private readonly int[] _order;
        private readonly int _end;
        private int _next;

        public Cursor(CacheDataView view, IEnumerable<DataViewSchema.Column> columnsNeeded, int[] order, int start, int end)
            : base(view.Schema, columnsNeeded)
        {
            _view = view;
            _order = order;
            _next = start;
            _end = end;
        }

        public override long Batch => Math.Max(Position, 0);

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new DataViewRowId((ulong)Place(), 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            return Getters.Cast<TValue>(_view._stores[column.Index].Getter(Place));
        }

        protected override bool MoveNextCore() => _next++ < _end;

        private int Place()
        {
            CheckOnRow();
            return _order is null ? _next - 1 : _order[_next - 1];
        }
    }
}
