namespace Microsoft.ML.FeatureMining;

/// <summary>A row whose picture cannot be read.</summary>
/// <param name="Row">The row.</param>
/// <param name="Cause">Why not.</param>
public sealed record UnreadableImage(ImageRow Row, string Cause);
