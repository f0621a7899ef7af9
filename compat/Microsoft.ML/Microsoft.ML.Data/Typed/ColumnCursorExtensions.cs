using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Reads one column.</summary>
public static class ColumnCursorExtensions
{
    public static IEnumerable<T> GetColumn<T>(this IDataView data, string columnName)
    {
        Contracts.CheckValue(data, nameof(data));
        Contracts.CheckNonEmpty(columnName, nameof(columnName));
        return data.GetColumn<T>(data.Schema[columnName]);
    }

    public static IEnumerable<T> GetColumn<T>(this IDataView data, DataViewSchema.Column column)
    {
        Contracts.CheckValue(data, nameof(data));
        Type item = UserMembers.ItemTypeOf(typeof(T), out bool isVector);
        Contracts.CheckParam(
            isVector == column.Type is VectorDataViewType && item == ColumnTypes.ItemOf(column.Type).RawType,
            nameof(column),
            $"Column '{column.Name}' of type {column.Type} cannot be read as {typeof(T)}");
        T empty = typeof(T).IsArray ? (T)(object)Array.CreateInstance(typeof(T).GetElementType(), 0) : default;
        return Read();

        IEnumerable<T> Read()
        {
            using DataViewRowCursor cursor = data.GetRowCursor([column]);
            Action<Cell<T>> set = MemberSetters.Create<Cell<T>>(cursor, column, typeof(Cell<T>).GetProperty(nameof(Cell<T>.Value)));
            while (cursor.MoveNext())
            {
                var cell = new Cell<T> { Value = empty };
                set(cell);
                yield return cell.Value;
            }
        }
    }

    private sealed class Cell<T>
    {
        public T Value { get; set; }
    }
}
