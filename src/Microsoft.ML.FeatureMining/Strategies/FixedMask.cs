using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Multiplies the features of the last stage by a mask that stays the same, so that only one part of them takes part in the training: the observation that Feature Mining begins with (Xie et al., Appl.
/// Sci. 2022, 12(7), 3318, section 3.1). For looking at what local features learn, not for better models.
/// </summary>
/// <remarks>Reproduces the networks of Figure 1, whose class activation maps <c>explain --compare</c> puts side by side. The paper shows its masks as pictures only; halves are our reading.</remarks>
public sealed class FixedMask : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "fixed-mask";

    /// <summary>The part of the features that takes part.</summary>
    /// <value><see cref="FeatureMapHalf.Left"/>.</value>
    public FeatureMapHalf Kept { get; init; }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>The mask [h,w], row by row: 1 where features are kept.</summary>
    internal static float[] Mask(FeatureMapHalf kept, int height, int width) =>
        [.. Enumerable.Range(0, height * width).Select(i => IsKept(kept, i / width, i % width, height, width) ? 1f : 0f)];

    private static bool IsKept(FeatureMapHalf kept, int row, int column, int height, int width) => kept switch
    {
        FeatureMapHalf.Left => 2 * column < width,
        FeatureMapHalf.Right => 2 * (column + 1) > width,
        FeatureMapHalf.Upper => 2 * row < height,
        _ => 2 * (row + 1) > height,
    };

    private sealed class Run(FixedMask settings, StrategyContext context) : StrategyRun
    {
        public override Tensor OnStage(int stage, Tensor features, TrainingClock clock)
        {
            if (stage != context.Stages.Count - 1)
            {
                return features;
            }

            (int height, int width) = ((int)features.shape[2], (int)features.shape[3]);
            return features * tensor(Mask(settings.Kept, height, width), [1, 1, height, width], dtype: features.dtype, device: features.device);
        }
    }
}

/// <summary>One half of a map of features; of an odd number of rows or columns the middle one belongs to both.</summary>
public enum FeatureMapHalf
{
    /// <summary>The left columns.</summary>
    Left,

    /// <summary>The right columns.</summary>
    Right,

    /// <summary>The upper rows.</summary>
    Upper,

    /// <summary>The lower rows.</summary>
    Lower,
}
