namespace Microsoft.ML.Data;

/// <summary>Which fields of a line a member is read from.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class LoadColumnAttribute : Attribute
{
    public LoadColumnAttribute(int fieldIndex)
        : this(fieldIndex, fieldIndex)
    {
    }

    /// <summary>A stretch of fields, both ends included.</summary>
    public LoadColumnAttribute(int start, int end)
    {
        Start = start;
        End = end;
    }

    internal int Start { get; }

    internal int End { get; }
}
