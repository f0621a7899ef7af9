namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What happens when the loss or the weights become infinite or no number.</summary>
public enum Divergence
{
    /// <summary>Fit throws <see cref="TrainingDivergedException"/>.</summary>
    Throws,

    /// <summary>
    /// The run goes back to the last checkpoint, or to the last epoch's end where there is none, and goes on with half the learning rate; after the fifth time Fit throws.
    /// </summary>
    RollsBack,
}
