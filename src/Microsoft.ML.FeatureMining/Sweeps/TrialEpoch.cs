namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>What a trial had come to after an epoch.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Score">The validation accuracy, in [0, 1].</param>
public readonly record struct TrialEpoch(int Epoch, double Score);
