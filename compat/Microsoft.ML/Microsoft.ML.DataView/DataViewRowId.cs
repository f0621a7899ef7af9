namespace Microsoft.ML.Data;

/// <summary>128 bits that name a row, whatever the order in which rows are visited.</summary>
public readonly struct DataViewRowId : IComparable<DataViewRowId>, IEquatable<DataViewRowId>
{
    // The constants and steps of the 128-bit MurmurHash3.
    private const ulong First = 0x87c37b91114253d5;
    private const ulong Second = 0x4cf5ad432745937f;

    public readonly ulong Low;
    public readonly ulong High;

    public DataViewRowId(ulong low, ulong high)
    {
        Low = low;
        High = high;
    }

    public int CompareTo(DataViewRowId other) => (High, Low).CompareTo((other.High, other.Low));

    public bool Equals(DataViewRowId other) => Low == other.Low && High == other.High;

    public override bool Equals(object obj) => obj is DataViewRowId other && Equals(other);

    public override int GetHashCode()
        => (int)((uint)Low ^ (uint)(Low >> 32) ^ (uint)(High << 7) ^ (uint)(High >> 57) ^ (uint)(High >> 25));

    public override string ToString() => $"{High:x16}{Low:x16}";

    /// <summary>Another identity, unlike those that <see cref="Next"/> makes.</summary>
    public DataViewRowId Fork()
    {
        DataViewRowId next = Next();
        return new DataViewRowId(next.Low ^ ulong.RotateLeft(First, 31) * Second, next.High);
    }

    /// <summary>One round on a block of zeros.</summary>
    public DataViewRowId Next() => Round(0, 0);

    /// <summary>One round on another identity.</summary>
    public DataViewRowId Combine(DataViewRowId other)
    {
        DataViewRowId fork = other.Fork();
        ulong low = ulong.RotateLeft(fork.Low * First, 31) * Second;
        ulong high = ulong.RotateLeft(fork.High * Second, 33) * First;
        return Round(low, high);
    }

    private DataViewRowId Round(ulong low, ulong high)
    {
        ulong nextLow = (ulong.RotateLeft(Low ^ low, 27) + High) * 5 + 0x52dce729;
        ulong nextHigh = (ulong.RotateLeft(High ^ high, 31) + nextLow) * 5 + 0x38495ab5;
        return new DataViewRowId(nextLow, nextHigh);
    }
}
