using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Multiplies the features of the last stage by a constant mask, so that only one half of the feature map is trained: the motivating experiment of Feature
/// Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318, section 3.1). Use it to study what local features learn; it does not improve models.
/// </summary>
/// <remarks>
/// These are the networks of Figure 1; <c>explain --compare</c> shows their class activation maps side by side. The paper defines the masks by a figure only;
/// we read them as halves. The mask acts in training only, without rescaling; validation, scoring and activation maps use the whole map. A head that uses
/// several stages sees the other stages without a mask.
/// </remarks>
public sealed record FixedMask : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "fixed-mask";

    /// <summary>The half of the feature map that is kept.</summary>
    /// <value><see cref="FeatureMapHalf.Left"/>.</value>
    public FeatureMapHalf Kept { get; init; }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context)
    {
        StageShape last = context.Stages[^1];
        return Mask(Kept, last.Height, last.Width).Contains(0)
            ? new Run(this, context)
            : throw new ArgumentException(
                $"The strategy '{Key}' cannot keep one half of the features: {StageShape.Describe(context.Stages, context.Stages.Count - 1)}. Use larger images."
            );
    }

    /// <summary>The mask [h,w], row by row: 1 for kept features, 0 for the others.</summary>
    internal static float[] Mask(FeatureMapHalf kept, int height, int width) =>
        [.. Enumerable.Range(0, height * width).Select(i => IsKept(kept, i / width, i % width, height, width) ? 1f : 0f)];

    private static bool IsKept(FeatureMapHalf kept, int row, int column, int height, int width) =>
        kept switch
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
            return features * Mask(settings.Kept, height, width).Upload(features.device, 1, 1, height, width).to(features.dtype);
        }
    }
}

/// <summary>One half of a feature map. With an odd number of rows or columns, the middle one belongs to both halves.</summary>
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
