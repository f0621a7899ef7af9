using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Dropout (Srivastava et al. 2014) on the output of the last stage but one, where the Feature Mining paper has it for comparison: each feature becomes 0 with
/// probability <see cref="Rate"/>, and what is left is divided by 1 - rate.
/// </summary>
/// <remarks>A row of the paper's Table 1. The paper does not give the rate.</remarks>
public sealed class FeatureDropout : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "dropout";

    /// <summary>The probability that a feature is dropped, between 0 and 1.</summary>
    /// <value>0.2, the rate of the Visual Inductive Priors Framework.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Rate { get; init; } = 0.2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount) => FeatureMask.Problems(Key, stageCount);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new FeatureMask(Rate, shape => shape, context);
}

/// <summary>
/// SpatialDropout (Tompson et al. 2015) on the output of the last stage but one, where the Feature Mining paper has it for comparison: each channel of each image becomes
/// 0 as a whole with probability <see cref="Rate"/>, and what is left is divided by 1 - rate.
/// </summary>
/// <remarks>A row of the paper's Table 1. The paper does not give the rate.</remarks>
public sealed class SpatialDropout : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "spatial-dropout";

    /// <summary>The probability that a channel is dropped, between 0 and 1.</summary>
    /// <value>0.2, the rate of the Visual Inductive Priors Framework for plain dropout.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Rate { get; init; } = 0.2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount) => FeatureMask.Problems(Key, stageCount);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new FeatureMask(Rate, shape => [shape[0], shape[1], 1, 1], context);
}

/// <summary>The run of a dropout on the last stage but one: some entries of a mask are 0, the others 1 / (1 - rate).</summary>
/// <param name="rate">The probability of 0.</param>
/// <param name="maskShape">From the features' shape [N,C,h,w] to the mask's, which is broadcast over them.</param>
/// <param name="context">The run's.</param>
internal sealed class FeatureMask(double rate, Func<long[], long[]> maskShape, StrategyContext context) : StrategyRun
{
    public static IEnumerable<string> Problems(string key, int stageCount) =>
        stageCount < 2 ? [$"{key} acts on the second to last stage, so it needs a backbone of at least two stages; this one has one."] : [];

    public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) => stage == context.Stages.Count - 2
        ? features * RandomMask.Bernoulli(maskShape(features.shape), 1 - rate, features, context.Random).Div_(1 - rate)
        : features;
}

/// <summary>Random masks made on the device, by a generator of their own that the strategy's stream seeds: nothing of it outlives the step.</summary>
internal static class RandomMask
{
    /// <summary>Each entry 1 with that probability, otherwise 0.</summary>
    public static Tensor Bernoulli(long[] shape, double probability, Tensor like, RandomStream random)
    {
        using Generator generator = new((ulong)random.NextSeed(), like.device);
        return empty(shape, dtype: like.dtype, device: like.device).bernoulli_(probability, generator);
    }
}
