using TorchSharp.Modules;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>Parameters that an optimizer treats alike.</summary>
/// <param name="Parameters">At least one.</param>
/// <param name="RateFactor">What their learning rate is of the run's.</param>
/// <param name="WeightDecay">At least 0.</param>
internal sealed record ParameterGroup(IReadOnlyList<Parameter> Parameters, double RateFactor, double WeightDecay);
