namespace Microsoft.ML.Data;

/// <summary>An array in a model: its length, its items. Grown as the items arrive: a length that lies must not cost that much memory.</summary>
internal static class ArrayFormat
{
    public static T[] Read<T>(BinaryReader reader, Func<int, T> readItem)
    {
        int count = reader.ReadInt32();
        if (count < 0)
            throw new FormatException("The model is corrupted: an array has a negative length.");
        var items = new List<T>();
        for (int i = 0; i < count; i++)
            items.Add(readItem(i));
        return [.. items];
    }
}
