using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>
/// Rows in random order: a pool of rows is filled from the source, in random order too where it can; each next row is drawn from the pool and its
/// place filled again. Columns that cannot be kept are left out.
/// </summary>
internal sealed class ShufflingDataView : IDataView
{
    private readonly IDataView _source;
    private readonly int[] _sourceIndex;
    private readonly int _poolSize;
    private readonly bool _shuffleSource;
    private readonly int _seed;

    public ShufflingDataView(IHostEnvironment env, IDataView source, int? seed, int poolSize, bool shuffleSource)
    {
        _source = source;
        _poolSize = poolSize;
        _shuffleSource = shuffleSource && source.CanShuffle;
        _seed = seed ?? env.Register("Shuffle").Rand.Next();
        DataViewSchema.Column[] kept = [.. source.Schema.Where(c => ColumnStore.CanKeep(c.Type))];
        _sourceIndex = [.. kept.Select(c => c.Index)];
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(kept);
        Schema = builder.ToSchema();
    }

    public bool CanShuffle => true;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => _source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
        => new Cursor(this, [.. columnsNeeded], rand ?? TauswortheHybrid.Create(_seed));

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor : RootCursor
    {
        private readonly Random _rand;
        private readonly DataViewRowCursor _input;
        private readonly ColumnStore[] _stores;
        private readonly List<DataViewRowId> _ids = [];
        private readonly List<int> _filled = [];
        private readonly ValueGetter<DataViewRowId> _idGetter;
        private readonly int _poolSize;
        private int _shown = -1;

        public Cursor(ShufflingDataView view, DataViewSchema.Column[] needed, Random rand)
            : base(view.Schema, needed)
        {
            _rand = rand;
            _poolSize = view._poolSize;
            _input = view._source.GetRowCursor(needed.Select(c => view._source.Schema[view._sourceIndex[c.Index]]), view._shuffleSource ? rand : null);
            _idGetter = _input.GetIdGetter();
            _stores = new ColumnStore[view.Schema.Count];
            foreach (DataViewSchema.Column column in needed)
            {
                _stores[column.Index] = ColumnStore.Create(column.Type);
                _stores[column.Index].ReadFrom(_input, view._source.Schema[view._sourceIndex[column.Index]]);
            }
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = _ids[Place()];

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            return Getters.Cast<TValue>(_stores[column.Index].Getter(Place));
        }

        protected override bool MoveNextCore()
        {
            if (_shown >= 0)
                TryKeep(_shown);
            while (_ids.Count < _poolSize && TryKeep(_ids.Count))
            {
            }

            if (_filled.Count == 0)
                return false;
            int drawn = _rand.Next(_filled.Count);
            _shown = _filled[drawn];
            _filled[drawn] = _filled[^1];
            _filled.RemoveAt(_filled.Count - 1);
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _input.Dispose();
            base.Dispose(disposing);
        }

        private bool TryKeep(int place)
        {
            if (!_input.MoveNext())
                return false;
            DataViewRowId id = default;
            _idGetter(ref id);
            if (place == _ids.Count)
                _ids.Add(id);
            else
                _ids[place] = id;
            foreach (ColumnStore store in _stores)
                store?.Keep(place);
            _filled.Add(place);
            return true;
        }

        private int Place()
        {
            CheckOnRow();
            return _shown;
        }
    }
}
