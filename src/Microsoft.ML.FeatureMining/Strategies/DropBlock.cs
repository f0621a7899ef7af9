using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// DropBlock (Ghiasi et al. 2018) on the outputs of the first two stages, where the Feature Mining paper has it for comparison. In each channel of each image, squares of
/// b x b features become 0; a corner is drawn at each place where a whole square fits with probability gamma = (1 - keep) h w / (b^2 (h - b + 1) (w - b + 1)). What is
/// left is divided by its share. keep falls linearly from 1 to <see cref="KeepProbability"/> over the run.
/// </summary>
/// <remarks>A row of the paper's Table 1.</remarks>
public sealed class DropBlock : TrainingStrategy
{
    private const int Stages = 2;

    /// <inheritdoc/>
    public override string Key => "drop-block";

    /// <summary>The side b of a square, at least 1; on a smaller map the square is as large as the map allows.</summary>
    /// <value>7.</value>
    [Range(1, int.MaxValue)]
    public int BlockSize { get; init; } = 7;

    /// <summary>The share of features that is kept at the end of the run, between 0 and 1. Squares overlap, so that somewhat more is kept.</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double KeepProbability { get; init; } = 0.9;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context.Random);

    /// <summary>Drops squares of side <paramref name="block"/>, whose upper left corners are the ones of <paramref name="corners"/> [N,C,h-b+1,w-b+1].</summary>
    internal static Tensor Drop(Tensor features, Tensor corners, int block)
    {
        using DisposeScope scope = NewDisposeScope();
        long margin = block - 1;
        Tensor padded = nn.functional.pad(corners, [margin, margin, margin, margin], PaddingModes.Constant, 0);
        Tensor kept = WindowMaximum(WindowMaximum(padded, 2, block), 3, block).Rsub(1);   // [N,C,h,w]
        // Where nothing at all is left there is nothing to scale.
        return (features * kept / kept.mean().ClampMin(1.0 / kept.numel())).MoveToOuterDisposeScope();
    }

    // The maximum over windows of b places along an axis, from those of half as many: log b passes where max_pool2d looks b times, and keeps where it found it.
    private static Tensor WindowMaximum(Tensor values, int axis, int block)
    {
        for (int seen = 1; seen < block;)
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
