namespace Microsoft.ML.Data;

/// <summary>Ordinals of a known range: 1 to <see cref="Count"/>, 0 for a missing one.</summary>
public sealed class KeyDataViewType : PrimitiveDataViewType
{
    public KeyDataViewType(Type type, ulong count)
        : base(type)
    {
        if (!IsValidDataType(type))
            throw new ArgumentOutOfRangeException(nameof(type), $"A key cannot be held as {type}");
        if (count == 0 || count > MaxOf(type))
            throw new ArgumentOutOfRangeException(nameof(count), $"A {nameof(KeyDataViewType)} has at least one value and no more than its type can number");
        Count = count;
    }

    public KeyDataViewType(Type type, int count)
        : this(type, (ulong)count)
    {
        if (count <= 0)
            throw new ArgumentOutOfRangeException(nameof(count), $"A {nameof(KeyDataViewType)} has at least one value");
    }

    public ulong Count { get; }

    public static bool IsValidDataType(Type type) => MaxOf(type) != 0;

    public override bool Equals(DataViewType other)
        => other == this || other is KeyDataViewType key && RawType == key.RawType && Count == key.Count;

    public override bool Equals(object other) => other is DataViewType type && Equals(type);

    public override int GetHashCode() => HashCode.Combine(RawType, Count);

    public override string ToString() => $"Key<{RawType.Name}, 0-{Count - 1}>";

    private static ulong MaxOf(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => byte.MaxValue,
        TypeCode.UInt16 => ushort.MaxValue,
        TypeCode.UInt32 => uint.MaxValue,
        TypeCode.UInt64 => ulong.MaxValue,
        _ => 0,
    };
}
