namespace Microsoft.ML.Data;

/// <summary>The fields that a column is read from.</summary>
internal sealed record TextField(string Name, DataViewType Type, int First, int Count)
{
    public static TextField Of(TextLoader.Column column)
    {
        PrimitiveDataViewType item = ColumnTypes.Primitive(column.DataKind);
        return new TextField(column.Name, column.IsVector ? new VectorDataViewType(item, column.Count) : item, column.First, column.Count);
    }

    public static TextField Of(TypedColumn column, LoadColumnAttribute source)
    {
        int count = source.End - source.Start + 1;
        DataViewType type = column.Type is VectorDataViewType { IsKnownSize: false } vector ? new VectorDataViewType(vector.ItemType, count) : column.Type;
        return new TextField(column.Name, type, source.Start, count);
    }
}
