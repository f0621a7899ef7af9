namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The loss or the weights became NaN or infinite. The message names the epoch, the step and the learning rate.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);
