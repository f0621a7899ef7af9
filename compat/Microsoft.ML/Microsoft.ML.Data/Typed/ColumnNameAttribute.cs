namespace Microsoft.ML.Data;

/// <summary>Names a member's column.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class ColumnNameAttribute : Attribute
{
    public ColumnNameAttribute(string name) => Name = name;

    internal string Name { get; }
}
