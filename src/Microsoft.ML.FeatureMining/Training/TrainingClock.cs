namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Where in the run a step is.</summary>
/// <param name="Epoch">The epoch, from 0.</param>
/// <param name="Epochs">All epochs of the run.</param>
/// <param name="Step">The step within the epoch, from 0.</param>
/// <param name="StepsPerEpoch">Steps of each epoch.</param>
public readonly record struct TrainingClock(int Epoch, int Epochs, int Step, int StepsPerEpoch)
{
    /// <summary>The share of the run that is done, in [0, 1).</summary>
    public double Progress => (Epoch + (double)Step / StepsPerEpoch) / Epochs;
}
