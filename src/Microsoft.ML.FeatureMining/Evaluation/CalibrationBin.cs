namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Rows whose predicted class has a probability in (From, To].</summary>
/// <param name="From">The lower end.</param>
/// <param name="To">The upper end.</param>
/// <param name="Count">How many rows.</param>
/// <param name="Confidence">The mean of those probabilities; 0 where there are no rows.</param>
/// <param name="Accuracy">The share of rows whose predicted class is theirs; 0 where there are no rows.</param>
public sealed record CalibrationBin(double From, double To, int Count, double Confidence, double Accuracy);
