namespace Microsoft.ML.Data;

/// <summary>Says of a member of a user's class that its column has a type of someone's own making.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public abstract class DataViewTypeAttribute : Attribute, IEquatable<DataViewTypeAttribute>
{
    /// <summary>Registers the pair of .NET type and column type with <c>DataViewTypeManager</c>.</summary>
    public abstract void Register();

    public abstract bool Equals(DataViewTypeAttribute other);
}
