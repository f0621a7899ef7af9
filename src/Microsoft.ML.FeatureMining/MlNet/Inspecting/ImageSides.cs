namespace Microsoft.ML.FeatureMining;

/// <summary>A side of the pictures of a set, in pixels.</summary>
/// <param name="Least">Of the smallest.</param>
/// <param name="Median">Half of them have no more.</param>
/// <param name="Largest">Of the largest.</param>
public sealed record ImageSides(int Least, int Median, int Largest);
