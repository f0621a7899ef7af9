using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Training.Checkpoints;

/// <summary>A run between two steps, in managed memory: all that the rest of it depends on.</summary>
internal sealed record TrainingState(RunPosition Position, NamedTensors Tensors);
