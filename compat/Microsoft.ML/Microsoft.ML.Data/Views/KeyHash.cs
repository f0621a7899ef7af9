namespace Microsoft.ML.Data;

/// <summary>Numbers in [0, 1) that depend on a column's value only.</summary>
internal static class KeyHash
{
    public static Func<DataViewRow, Func<double>> Numbers(DataViewSchema.Column column, uint seed)
    {
        if (column.Type is KeyDataViewType key)
        {
            double count = key.Count;
            return row =>
            {
                Func<double> read = NumberReader.Create(row, column);
                return () => (read() - 0.5) / count;
            };
        }

        return row => (Func<double>)Getters.Generic(typeof(KeyHash), nameof(Hashed), [column.Type.RawType], row, column, seed);
    }

    private static Func<double> Hashed<T>(DataViewRow row, DataViewSchema.Column column, uint seed)
    {
        ValueGetter<T> getter = row.GetGetter<T>(column);
        T value = default;
        return () =>
        {
            getter(ref value);
            return Fnv(value is System.Collections.IEnumerable items ? string.Join('\n', items.Cast<object>()) : value.ToString(), seed) / 4294967296.0;
        };
    }

    // FNV-1a, then the finalizer of MurmurHash3 for the high bits.
    private static uint Fnv(string text, uint seed)
    {
        uint hash = 2166136261 ^ seed;
        foreach (char c in text)
            hash = (hash ^ c) * 16777619;
        hash = (hash ^ hash >> 16) * 0x85ebca6b;
        hash = (hash ^ hash >> 13) * 0xc2b2ae35;
        return hash ^ hash >> 16;
    }
}
