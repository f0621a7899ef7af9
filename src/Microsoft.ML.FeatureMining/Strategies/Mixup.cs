using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Mixup (Zhang et al. 2018): each image becomes lambda x + (1 - lambda) x', x' another image of the batch, and so do the targets. One lambda ~ Beta(alpha, alpha) and
/// one permutation a batch.
/// </summary>
/// <remarks>With Feature Mining, the rows of the paper's Table 3.</remarks>
public sealed class Mixup : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "mixup";

    /// <summary>Alpha, above 0.</summary>
    /// <value>1.</value>
    public double Alpha { get; init; } = 1;

    /// <summary>The probability that a batch is mixed, above 0 and at most 1.</summary>
    /// <value>1.</value>
    public double Probability { get; init; } = 1;

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.MixesImages;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (!(Alpha > 0 && double.IsFinite(Alpha)))
        {
            yield return $"Alpha of mixup is above 0; it is {Alpha}.";
        }

        if (!(Probability is > 0 and <= 1))
        {
            yield return $"Probability of mixup is above 0 and at most 1; it is {Probability}.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>lambda * values + (1 - lambda) * values[order], along the first axis.</summary>
    internal static Tensor Mix(Tensor values, Tensor order, double lambda) => values.Mul(lambda).Add(values.index_select(0, order).Mul(1 - lambda));

    private sealed class Run(Mixup settings, StrategyContext context) : StrategyRun
    {
        public override Batch Prepare(Batch batch, TrainingClock clock)
        {
            if (context.Random.NextDouble() >= settings.Probability)
            {
                return batch;
            }

            double lambda = BetaLaw.Draw(settings.Alpha, context.Random);
            Tensor order = tensor(Array.ConvertAll(context.Random.Permutation((int)batch.Images.shape[0]), index => (long)index), device: context.Device);
            return new Batch(Mix(batch.Images, order, lambda), Mix(batch.Targets, order, lambda));
        }
    }
}
