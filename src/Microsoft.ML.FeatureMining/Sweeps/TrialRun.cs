namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>What a stretch of a trial's training gave.</summary>
/// <param name="Curve">The score after each epoch, from the first.</param>
/// <param name="IsComplete">Whether the training came to an end of its own.</param>
internal sealed record TrialRun(IReadOnlyList<TrialEpoch> Curve, bool IsComplete);
