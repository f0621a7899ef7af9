namespace Microsoft.ML.FeatureMining.Detection;

/// <summary>An object that a detector found.</summary>
/// <param name="Class">The name of its class.</param>
/// <param name="Score">The probability of the class, in [0, 1].</param>
/// <param name="Left">x0 of its box, in pixels of the upright image.</param>
/// <param name="Top">y0.</param>
/// <param name="Right">x1, an exclusive edge.</param>
/// <param name="Bottom">y1.</param>
public sealed record DetectedObject(string Class, float Score, float Left, float Top, float Right, float Bottom);
