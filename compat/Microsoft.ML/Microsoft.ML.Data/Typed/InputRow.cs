using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A row over whatever object is shown.</summary>
internal sealed class InputRow<TRow> : DataViewRow
    where TRow : class
{
    private readonly TypedColumn[] _columns;
    private TRow _current;
    private long _position = -1;

    public InputRow(TypedColumn[] columns)
    {
        _columns = columns;
        Schema = TypedColumn.SchemaOf(columns);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    public void Show(TRow row)
    {
        _current = row;
        _position++;
    }

    public override bool IsColumnActive(DataViewSchema.Column column) => true;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new DataViewRowId((ulong)_position, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        TypedColumn typed = _columns[column.Index];
        return Getters.Cast<TValue>(MemberGetters.OfMember(typed.Member, typed.Type, Current));
    }

    private TRow Current()
    {
        Contracts.Check(_position >= 0, "Values can be fetched only after an example was given");
        return _current;
    }
}
