using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Strategies;

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
    public double Rate { get; init; } = 0.2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount) => FeatureMask.Problems("spatial dropout", Rate, stageCount);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new FeatureMask(Rate, shape => [shape[0], shape[1], 1, 1], context);
}
