using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Dropout (Srivastava et al. 2014) on the output of the second to last stage, as in the comparison of the Feature Mining paper. Sets each feature to 0 with
/// probability <see cref="Rate"/> and divides the others by 1 - rate.
/// </summary>
/// <remarks>One row of Table 1 of the Feature Mining paper, which does not give the rate.</remarks>
public sealed record FeatureDropout : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "dropout";

    /// <summary>The probability that a feature is dropped, above 0 and below 1.</summary>
    /// <value>0.2, the rate of the Visual Inductive Priors Framework.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Rate { get; init; } = 0.2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount) => FeatureMask.Problems(Key, stageCount);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new FeatureMask(Rate, shape => shape, context);
}

/// <summary>
/// SpatialDropout (Tompson et al. 2015) on the output of the second to last stage, as in the comparison of the Feature Mining paper. Sets whole channels of an
/// image to 0 with probability <see cref="Rate"/> and divides the others by 1 - rate.
/// </summary>
/// <remarks>One row of Table 1 of the Feature Mining paper, which does not give the rate.</remarks>
public sealed record SpatialDropout : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "spatial-dropout";

    /// <summary>The probability that a channel is dropped, above 0 and below 1.</summary>
    /// <value>0.2, the rate of the Visual Inductive Priors Framework for plain dropout.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Rate { get; init; } = 0.2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount) => FeatureMask.Problems(Key, stageCount);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new FeatureMask(Rate, shape => [shape[0], shape[1], 1, 1], context);
}

/// <summary>Multiplies the output of the second to last stage by a random mask of 0 and 1 / (1 - rate).</summary>
/// <param name="rate">The probability of 0.</param>
/// <param name="maskShape">Maps the shape [N,C,h,w] of the features to the shape of the mask, which is broadcast.</param>
/// <param name="context">The context of the run.</param>
internal sealed class FeatureMask(double rate, Func<long[], long[]> maskShape, StrategyContext context) : StrategyRun
{
    public static IEnumerable<string> Problems(string key, int stageCount) =>
        stageCount < 2 ? [$"{key} acts on the second to last stage and needs a backbone with at least two stages; this backbone has one."] : [];

    public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) =>
        stage == context.Stages.Count - 2
            ? features * RandomMask.Bernoulli(maskShape(features.shape), 1 - rate, features, context.Random).Div_(1 - rate)
            : features;
}

/// <summary>Random masks by a temporary generator, seeded from the strategy's stream.</summary>
internal static class RandomMask
{
    /// <summary>A mask whose entries are 1 with the given probability, otherwise 0.</summary>
    public static Tensor Bernoulli(long[] shape, double probability, Tensor like, RandomStream random)
    {
        // A byte per entry to copy.
        using Tensor mask = DeviceCopy.Draw(
            shape,
            ScalarType.Byte,
            like.device,
            random.NextSeed(),
            (numbers, generator) => numbers.bernoulli_(probability, generator)
        );
        return mask.to(like.dtype);
    }
}
