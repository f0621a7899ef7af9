using Microsoft.ML.FeatureMining.Networks;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>Sorts what a run trains by rate and decay.</summary>
internal static class ParameterGroups
{
    /// <summary>The groups, of which each has a parameter; frozen parameters are in none.</summary>
    /// <param name="recipe">Says which rate and decay go where.</param>
    /// <param name="network">The network.</param>
    /// <param name="added">The strategies' modules: they learn at the rate of the head.</param>
    public static IReadOnlyList<ParameterGroup> Of(TrainingRecipe recipe, ImageNetwork network, IEnumerable<nn.Module> added)
    {
        IEnumerable<(Parameter Parameter, double RateFactor)> backbone = network.Backbone.parameters().Select(parameter => (parameter, recipe.FineTuning.BackboneLearningRateFactor));
        IEnumerable<(Parameter Parameter, double RateFactor)> rest = added.Concat(network.Exits).Prepend(network.Head).SelectMany(module => module.parameters()).Select(parameter => (parameter, 1.0));
        return [.. backbone.Concat(rest)
            .Where(entry => entry.Parameter.requires_grad)
            .GroupBy(entry => (entry.RateFactor, WeightDecay: DecayOf(recipe, entry.Parameter)), entry => entry.Parameter)
            .Select(group => new ParameterGroup([.. group], group.Key.RateFactor, group.Key.WeightDecay))];
    }

    // Biases, and scale and shift of BatchNorm, are what has one dimension.
    private static double DecayOf(TrainingRecipe recipe, Parameter parameter) => recipe.NoDecayOnNormAndBias && parameter.dim() <= 1 ? 0 : recipe.WeightDecay;
}
