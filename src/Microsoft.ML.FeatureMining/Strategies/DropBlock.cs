using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// DropBlock (Ghiasi et al. 2018) on the outputs of the first two stages, as in the comparison of the Feature Mining paper. Sets squares of b x b features to
/// 0, per channel and image. Each position where a whole square fits is a corner with probability gamma = (1 - keep) h w / (b^2 (h - b + 1) (w - b + 1)). The
/// remaining features are divided by the kept fraction. keep falls linearly from 1 to <see cref="KeepProbability"/> over the run.
/// </summary>
/// <remarks>One row of Table 1 of the Feature Mining paper.</remarks>
public sealed record DropBlock : TrainingStrategy
{
    private const int Stages = 2;

    /// <inheritdoc/>
    public override string Key => "drop-block";

    /// <summary>The side b of a square in features, at least 1. It is reduced to the size of a smaller feature map.</summary>
    /// <value>7.</value>
    [Range(1, int.MaxValue)]
    public int BlockSize { get; init; } = 7;

    /// <summary>The fraction of features that is kept at the end of the run, above 0 and below 1. Squares overlap, so slightly more is kept.</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double KeepProbability { get; init; } = 0.9;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context)
    {
        for (int stage = 0; stage < Math.Min(Stages, context.Stages.Count); stage++)
        {
            int side = Math.Min(context.Stages[stage].Height, context.Stages[stage].Width);
            if (side < BlockSize)
            {
                context.Warn(
                    FormattableString.Invariant(
                        $"BlockSize is {BlockSize}, but {StageShape.Describe(context.Stages, stage)}, so that a block has {side}x{side}. "
                    ) + "Use a smaller BlockSize or larger images."
                );
            }
        }

        return new Run(this, context.Random);
    }

    /// <summary>
    /// Drops squares of side <paramref name="block"/>. Their upper left corners are the ones in <paramref name="corners"/>, [N,C,h-b+1,w-b+1].
    /// </summary>
    internal static Tensor Drop(Tensor features, Tensor corners, int block)
    {
        using DisposeScope scope = NewDisposeScope();
        long margin = block - 1;
        Tensor padded = nn.functional.pad(corners, [margin, margin, margin, margin], PaddingModes.Constant, 0);
        Tensor kept = WindowMaximum(WindowMaximum(padded, 2, block), 3, block).Rsub(1); // [N,C,h,w]
        // ClampMin avoids 0 / 0 if every feature is dropped.
        return (features * kept / kept.mean().ClampMin(1.0 / kept.numel())).MoveToOuterDisposeScope();
    }

    // Maximum over windows of b positions along an axis, by doubling: log b passes. max_pool2d would compare b times and also store indices.
    private static Tensor WindowMaximum(Tensor values, int axis, int block)
    {
        for (int seen = 1; seen < block; )
        {
            int step = Math.Min(seen, block - seen);
            long length = values.shape[axis] - step;
            values = values.narrow(axis, 0, length).maximum(values.narrow(axis, step, length));
            seen += step;
        }

        return values;
    }

    private sealed class Run(DropBlock settings, RandomStream random) : StrategyRun
    {
        public override Tensor OnStage(int stage, Tensor features, TrainingClock clock)
        {
            double dropped = (1 - settings.KeepProbability) * clock.Progress;
            if (stage >= Stages || dropped <= 0)
            {
                return features;
            }

            long[] shape = features.shape;
            int block = (int)Math.Min(settings.BlockSize, Math.Min(shape[2], shape[3]));
            (long height, long width) = (shape[2] - block + 1, shape[3] - block + 1);
            double gamma = dropped * shape[2] * shape[3] / ((double)block * block * height * width);
            return Drop(features, RandomMask.Bernoulli([shape[0], shape[1], height, width], gamma, features, random), block);
        }
    }
}
