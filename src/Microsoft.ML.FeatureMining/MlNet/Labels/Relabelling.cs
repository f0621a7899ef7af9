namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>Other labels for some rows.</summary>
/// <param name="Column">The index of the label's column.</param>
/// <param name="Values">The raw value of each class.</param>
/// <param name="OfRows">For each row its new class, -1 where the label stays.</param>
internal sealed record Relabelling(int Column, Array Values, IReadOnlyList<int> OfRows);
