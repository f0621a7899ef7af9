namespace Microsoft.ML.FeatureMining;

/// <summary>What happens to an image that cannot be read.</summary>
public enum UnreadableImageBehavior
{
    /// <summary>An <see cref="Imaging.ImageDecodeException"/> names the column, the row and, where it is known, the file.</summary>
    Throw,

    /// <summary>
    /// Fit leaves the row out, counts it in <see cref="ImageClassificationModel.SkippedImages"/> and warns once. Transform keeps the row:
    /// its scores are NaN and its predicted label is missing.
    /// </summary>
    Skip,
}
