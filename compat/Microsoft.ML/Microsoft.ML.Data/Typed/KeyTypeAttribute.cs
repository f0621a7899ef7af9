namespace Microsoft.ML.Data;

/// <summary>Says that a member holds keys.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class KeyTypeAttribute : Attribute
{
    public KeyTypeAttribute() => throw new NotSupportedException("A key type needs a count");

    public KeyTypeAttribute(ulong count) => Count = count;

    internal ulong Count { get; }
}
