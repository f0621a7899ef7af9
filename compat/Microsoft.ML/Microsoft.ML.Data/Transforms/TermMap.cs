using Microsoft.ML.Data;

namespace Microsoft.ML.Transforms;

/// <summary>From values to keys: the first term is key 1; a value that is no term is key 0.</summary>
internal abstract class TermMap
{
    protected TermMap(PrimitiveDataViewType itemType, int count)
    {
        ItemType = itemType;
        KeyType = new KeyDataViewType(typeof(uint), Math.Max(count, 1));
    }

    public PrimitiveDataViewType ItemType { get; }

    public KeyDataViewType KeyType { get; }

    public static TermMap Read(BinaryReader reader)
    {
        var itemType = (PrimitiveDataViewType)TypeFormat.Read(reader);
        return (TermMap)Getters.Generic(typeof(TermMap), nameof(ReadTerms), [itemType.RawType], reader, itemType);
    }

    public abstract void Write(BinaryWriter writer);

    /// <summary>A getter of a column's keys.</summary>
    public abstract Delegate Keys(DataViewRow row, DataViewSchema.Column column);

    /// <summary>The terms, as the annotation of a column made from <paramref name="source"/>.</summary>
    public abstract void AddKeyValues(DataViewSchema.Annotations.Builder annotations, DataViewSchema.Column source, bool asText);

    private static TermMap<T> ReadTerms<T>(BinaryReader reader, PrimitiveDataViewType itemType) =>
        new(itemType, ArrayFormat.Read(reader, _ => ValueFormat.Read<T>(reader)));
}
