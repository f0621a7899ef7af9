using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>The dimensions of a member that is a vector.</summary>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property, AllowMultiple = false, Inherited = true)]
public sealed class VectorTypeAttribute : Attribute
{
    public VectorTypeAttribute()
    {
    }

    public VectorTypeAttribute(int size)
    {
        Contracts.CheckParam(size >= 0, nameof(size), "Should be non-negative number");
        Dims = [size];
    }

    public VectorTypeAttribute(params int[] dimensions)
    {
        Contracts.CheckParam(dimensions.All(d => d >= 0), nameof(dimensions), "Should contain only non-negative values");
        Dims = dimensions;
    }

    internal int[] Dims { get; }
}
