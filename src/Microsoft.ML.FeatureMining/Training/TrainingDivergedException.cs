namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The loss became infinite or no number; the message names the epoch, the step and the learning rate.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
