using TorchSharp.Modules;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>Parameters that an optimizer treats alike.</summary>
/// <param name="Parameters">At least one.</param>
/// <param name="LearningRateFactor">By what the run's learning rate is multiplied for them, above 0.</param>
/// <param name="WeightDecay">At least 0.</param>
public sealed record ParameterGroup(IReadOnlyList<Parameter> Parameters, double LearningRateFactor, double WeightDecay);
