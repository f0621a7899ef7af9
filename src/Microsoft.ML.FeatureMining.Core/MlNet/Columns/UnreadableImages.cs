namespace Microsoft.ML.FeatureMining;

/// <summary>Specifies what happens to an image that cannot be read.</summary>
public enum UnreadableImageBehavior
{
    /// <summary>Throw an <see cref="Imaging.ImageDecodeException"/> that names the column, the row and, if it is known, the file.</summary>
    Throw,

    /// <summary>
    /// Fit skips the row, counts it in SkippedImages of the model and warns once. Transform keeps the row:
    /// its scores are NaN and its predicted label is missing.
    /// </summary>
    Skip,
}
