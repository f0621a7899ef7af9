using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What surrounds a run and is no part of its recipe.</summary>
internal sealed record TrainingHost(Device Device)
{
    /// <summary>Told every few steps and at the end of each epoch, on the training thread.</summary>
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Told, in a sentence, what the user should know of and the run gets over.</summary>
    public Action<string> Notice { get; init; } = _ => { };

    /// <summary>Asked before each step; true ends the run there.</summary>
    public Func<bool> IsCancelled { get; init; } = () => false;

    /// <summary>Puts the weights that <see cref="TrainingRecipe.InitialWeights"/> names into a new network; null where it names none.</summary>
    public Action<ImageNetwork>? LoadWeights { get; init; }

    /// <summary>Where the run keeps its state; null keeps none.</summary>
    public ICheckpointStore? Checkpoints { get; init; }
}
