using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>Passes over the rows of a <see cref="RowByRowView"/>.</summary>
internal sealed class RowByRowCursor(DataViewRowCursor input, int rows, IReadOnlyList<bool>? taken, Relabelling? labels) : DataViewRowCursor
{
    private long _position = -1;
    private int _row = -1;

    public override DataViewSchema Schema => input.Schema;

    public override long Position => _position;

    public override long Batch => input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => input.IsColumnActive(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        ValueGetter<TValue> getter = input.GetGetter<TValue>(column);
        if (labels is null || column.Index != labels.Column)
            return getter;
        var values = (TValue[])labels.Values;
        return (ref TValue value) =>
        {
            if (labels.OfRows[_row] is >= 0 and var index)
                value = values[index];
            else
                getter(ref value);
        };
    }

    public override bool MoveNext()
    {
        while (input.MoveNext())
        {
            if (++_row >= rows)
                throw new InvalidOperationException(FormattableString.Invariant($"There are more than the {rows} rows that there were before; what was decided about them no longer holds."));
            if (taken?[_row] ?? true)
            {
                _position++;
                return true;
            }
        }
        _position = -1;
        return _row + 1 >= rows
            ? false
            : throw new InvalidOperationException(FormattableString.Invariant($"There are {_row + 1} rows where there were {rows} before; what was decided about them no longer holds."));
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            input.Dispose();
        base.Dispose(disposing);
    }
}
