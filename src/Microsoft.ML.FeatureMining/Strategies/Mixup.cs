using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Mixup (Zhang et al. 2018): replaces each image x by lambda x + (1 - lambda) x', where x' is another image of the batch, and mixes the targets the same way.
/// One lambda ~ Beta(alpha, alpha) and one permutation per batch.
/// </summary>
/// <remarks>Table 3 of the Feature Mining paper combines it with Feature Mining.</remarks>
public sealed record Mixup : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "mixup";

    /// <summary>Alpha of the Beta distribution, above 0.</summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 1;

    /// <summary>The probability that a batch is mixed, above 0 and at most 1.</summary>
    /// <value>1.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Probability { get; init; } = 1;

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.MixesImages;

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

            double lambda = BetaDistribution.Draw(settings.Alpha, context.Random);
            Tensor order = Array.ConvertAll(context.Random.Permutation((int)batch.Images.shape[0]), index => (long)index).Upload(context.Device);
            return new Batch(Mix(batch.Images, order, lambda), Mix(batch.Targets, order, lambda));
        }
    }
}

/// <summary>Samples Beta(a, a), a symmetric distribution on [0, 1]: uniform for a = 1; approaches Bernoulli(1/2) as a goes to 0.</summary>
internal static class BetaDistribution
{
    public static double Draw(double shape, RandomStream random) =>
        // X / (X + Y) for two gamma variates, computed with logarithms because gamma variates with a small shape underflow.
        1 / (1 + Math.Exp(LogGamma(shape, random) - LogGamma(shape, random)));

    /// <summary>The logarithm of a gamma variate: Marsaglia and Tsang 2000 for shape + 1, times a uniform number to the power of 1 / shape.</summary>
    private static double LogGamma(double shape, RandomStream random)
    {
        double d = shape + 1 - 1.0 / 3;
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double normal = random.NextGaussian();
            double cube = Math.Pow(1 + c * normal, 3);
            double uniform = 1 - random.NextDouble();
            if (cube > 0 && Math.Log(uniform) < normal * normal / 2 + d * (1 - cube + Math.Log(cube)))
            {
                return Math.Log(d * cube) + Math.Log(1 - random.NextDouble()) / shape;
            }
        }
    }
}
