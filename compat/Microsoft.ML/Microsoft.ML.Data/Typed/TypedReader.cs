using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Fills objects of a user's class from rows.</summary>
internal sealed class TypedReader<TRow>
    where TRow : class, new()
{
    private readonly Action<TRow>[] _setters;

    private TypedReader(Action<TRow>[] setters) => _setters = setters;

    public static IEnumerable<TRow> Rows(IHostEnvironment env, IDataView data, bool reuse, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        (TypedColumn Typed, DataViewSchema.Column Column)[] columns = Bind(env, data.Schema, ignoreMissingColumns, definition);
        return Read();

        IEnumerable<TRow> Read()
        {
            using DataViewRowCursor cursor = data.GetRowCursor(columns.Select(c => c.Column));
            TypedReader<TRow> reader = Over(cursor, columns);
            TRow row = null;
            while (cursor.MoveNext())
            {
                if (row is null || !reuse)
                    row = new TRow();
                reader.Fill(row);
                yield return row;
            }
        }
    }

    public static (TypedColumn Typed, DataViewSchema.Column Column)[] Bind(
        IHostEnvironment env, DataViewSchema schema, bool ignoreMissingColumns, SchemaDefinition definition)
    {
        var bound = new List<(TypedColumn Typed, DataViewSchema.Column Column)>();
        foreach (TypedColumn typed in TypedColumn.Bind(typeof(TRow), definition, SchemaDefinition.Direction.Write))
        {
            if (schema.GetColumnOrNull(typed.Name) is { } column)
                bound.Add((typed, Checked(env, typed, column)));
            else if (!ignoreMissingColumns)
                throw env.ExceptSchemaMismatch("Schema", "", typed.Name);
        }

        return [.. bound];
    }

    public static TypedReader<TRow> Over(DataViewRow row, (TypedColumn Typed, DataViewSchema.Column Column)[] columns)
        => new([.. columns.Select(c => MemberSetters.Create<TRow>(row, c.Column, c.Typed.Member))]);

    public void Fill(TRow row)
    {
        foreach (Action<TRow> set in _setters)
            set(row);
    }

    private static DataViewSchema.Column Checked(IHostEnvironment env, TypedColumn typed, DataViewSchema.Column column)
    {
        bool sameShape = typed.Type is VectorDataViewType == column.Type is VectorDataViewType;
        if (sameShape && ColumnTypes.ItemOf(typed.Type).RawType == ColumnTypes.ItemOf(column.Type).RawType)
            return column;
        throw env.Except(
            $"Can't bind the IDataView column '{column.Name}' of type '{column.Type}' to field or property '{typed.Member.Name}' of type "
            + $"'{UserMembers.TypeOf(typed.Member).FullName}'.");
    }
}
