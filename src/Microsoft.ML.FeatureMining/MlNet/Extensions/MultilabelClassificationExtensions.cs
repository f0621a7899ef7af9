namespace Microsoft.ML;

/// <summary>Adds the task of images with any number of classes to the context.</summary>
public static class MultilabelClassificationExtensions
{
    /// <summary>Images that may have any number of classes.</summary>
    public static MultilabelClassificationCatalog MultilabelClassification(this MLContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new MultilabelClassificationCatalog(context);
    }
}
