using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

/// <summary>A third party's data view over a mapper.</summary>
internal sealed class MappedDataView(IDataView source, IRowToRowMapper mapper) : IDataView
{
    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => mapper.OutputSchema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return new Cursor(source.GetRowCursor(mapper.GetDependencies(needed), rand), mapper, needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewRowCursor input, IRowToRowMapper mapper, DataViewSchema.Column[] needed) : DataViewRowCursor
    {
        private readonly DataViewRow _row = mapper.GetRow(input, needed);

        public override DataViewSchema Schema => _row.Schema;

        public override long Position => input.Position;

        public override long Batch => input.Batch;

        public override bool MoveNext() => input.MoveNext();

        public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _row.IsColumnActive(column);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => _row.GetGetter<TValue>(column);

        protected override void Dispose(bool disposing)
        {
            _row.Dispose();
            base.Dispose(disposing);
        }
    }
}
