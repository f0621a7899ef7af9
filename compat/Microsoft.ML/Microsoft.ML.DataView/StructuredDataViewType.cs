namespace Microsoft.ML.Data;

/// <summary>A type made of parts, or one whose values must be disposed of.</summary>
public abstract class StructuredDataViewType : DataViewType
{
    protected StructuredDataViewType(Type rawType)
        : base(rawType)
    {
    }
}
