namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Sums over so many images.</summary>
internal readonly record struct MetricSums(double Loss, double Hits, long Images);
