namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Rows of one class that were taken for another.</summary>
/// <param name="Actual">The class that they are of.</param>
/// <param name="Predicted">The class that they were taken for.</param>
/// <param name="Count">How many.</param>
/// <param name="Share">Their share of the class's rows, in (0, 1].</param>
public sealed record ConfusedPair(string Actual, string Predicted, int Count, double Share);
