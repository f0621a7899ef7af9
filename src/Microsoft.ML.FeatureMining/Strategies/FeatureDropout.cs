using Microsoft.ML.FeatureMining.Training;

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
    public double Rate { get; init; } = 0.2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount) => FeatureMask.Problems("dropout", Rate, stageCount);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new FeatureMask(Rate, shape => shape, context);
}
