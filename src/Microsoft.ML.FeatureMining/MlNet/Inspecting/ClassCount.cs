namespace Microsoft.ML.FeatureMining;

/// <summary>How often a class occurs.</summary>
/// <param name="Name">The label as text.</param>
/// <param name="Rows">Rows with that label.</param>
/// <param name="Weight">What makes the classes count alike: all rows over the number of classes times these rows. Infinite where there are none.</param>
public sealed record ClassCount(string Name, int Rows, double Weight);
