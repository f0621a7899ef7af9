using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What a run gave.</summary>
/// <param name="Recipe">What was run.</param>
/// <param name="Weights">The weights that <see cref="TrainingRecipe.Keep"/> asked for.</param>
/// <param name="Epoch">The epoch, from 1, whose weights they are; 0 where not one was finished.</param>
/// <param name="History">Each finished epoch.</param>
/// <param name="End">Why the run ended.</param>
/// <param name="Pixels">The training pixels' statistics, by which the network's input is normalized.</param>
internal sealed record TrainingOutcome(
    TrainingRecipe Recipe, NamedTensors Weights, int Epoch, IReadOnlyList<EpochMetrics> History, TrainingEnd End, ChannelStatistics Pixels)
{
    /// <summary>How the network's exits bridge its stages, where it predicts with exits.</summary>
    public IReadOnlyList<StageStride>? Exits { get; init; }

    /// <summary>Each epoch of a run before this one, where the method takes two.</summary>
    public IReadOnlyList<EpochMetrics> EarlierHistory { get; init; } = [];
}
