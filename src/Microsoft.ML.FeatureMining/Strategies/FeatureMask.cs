using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>The run of a dropout on the last stage but one: some entries of a mask are 0, the others 1 / (1 - rate).</summary>
/// <param name="rate">The probability of 0.</param>
/// <param name="maskShape">From the features' shape [N,C,h,w] to the mask's, which is broadcast over them.</param>
/// <param name="context">The run's.</param>
internal sealed class FeatureMask(double rate, Func<long[], long[]> maskShape, StrategyContext context) : StrategyRun
{
    /// <param name="name">The dropout's, in a sentence.</param>
    /// <param name="rate">The probability of 0.</param>
    /// <param name="stageCount">Stages of the network.</param>
    public static IEnumerable<string> Problems(string name, double rate, int stageCount)
    {
        if (!(rate is > 0 and < 1))
        {
            yield return $"Rate of {name} lies between 0 and 1; it is {rate}.";
        }

        if (stageCount < 2)
        {
            yield return $"{char.ToUpperInvariant(name[0])}{name[1..]} acts on the last stage but one, and this backbone has one stage.";
        }
    }

    public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) => stage == context.Stages.Count - 2
        ? features * RandomMask.Bernoulli(maskShape(features.shape), 1 - rate, features, context.Random).Div_(1 - rate)
        : features;
}
