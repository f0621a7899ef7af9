namespace Microsoft.ML.FeatureMining.Training.Checkpoints;

/// <summary>The best epoch so far, by validation accuracy, and the last that counted as a rise for early stopping. Epochs from 1; 0 before there is one.</summary>
internal readonly record struct BestEpoch(double Accuracy, int Epoch, double LastRiseAccuracy, int LastRiseEpoch);
