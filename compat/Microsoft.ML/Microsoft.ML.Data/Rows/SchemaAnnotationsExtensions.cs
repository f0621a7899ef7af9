namespace Microsoft.ML.Data;

/// <summary>Reads the usual annotations.</summary>
public static class SchemaAnnotationsExtensions
{
    /// <summary>Whether a vector of known size has a name for each slot.</summary>
    public static bool HasSlotNames(this DataViewSchema.Column column)
        => column.Type is VectorDataViewType { Size: > 0 } vector
            && VectorAnnotationOrNull(column, AnnotationUtils.Kinds.SlotNames) is { ItemType: TextDataViewType } names
            && names.Size == vector.Size;

    public static void GetSlotNames(this DataViewSchema.Column column, ref VBuffer<ReadOnlyMemory<char>> slotNames)
        => column.Annotations.GetValue(AnnotationUtils.Kinds.SlotNames, ref slotNames);

    /// <summary>Whether a key has a value for each of its ordinals, of the given type (text, if none is given).</summary>
    public static bool HasKeyValues(this DataViewSchema.Column column, PrimitiveDataViewType keyValueItemType = null)
        => ColumnTypes.ItemOf(column.Type) is KeyDataViewType key
            && VectorAnnotationOrNull(column, AnnotationUtils.Kinds.KeyValues) is { } values
            && values.ItemType.Equals(keyValueItemType ?? TextDataViewType.Instance)
            && (ulong)values.Size == key.Count;

    public static void GetKeyValues<TValue>(this DataViewSchema.Column column, ref VBuffer<TValue> keyValues)
        => column.Annotations.GetValue(AnnotationUtils.Kinds.KeyValues, ref keyValues);

    internal static VectorDataViewType VectorAnnotationOrNull(DataViewSchema.Column column, string kind)
        => column.Annotations.Schema.GetColumnOrNull(kind)?.Type as VectorDataViewType;
}
