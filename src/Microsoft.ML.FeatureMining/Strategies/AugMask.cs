using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// AugMask (Heo et al., CVPR 2025, arXiv 2306.11339; also AugSub or MaskSub): each step has a second forward pass, on images with random patches set to 0,
/// which learns the prediction of the first pass instead of the label. The loss is 1/2 criterion(z, y) + 1/2 CE(z', softmax(z)), where z are the
/// logits of the images, z' those of the masked images, and softmax(z) is detached. Terms of other strategies are added.
/// </summary>
/// <remarks>
/// A step costs about twice as much. Masked images go through the network as a separate batch, as in the authors' code, so BatchNorm sees both. The paper's
/// other two variants drop features (AugDropout) or layers (AugDropPath) instead of patches. They are not implemented, because only some networks have such
/// layers.
/// </remarks>
public sealed record AugMask : TrainingStrategy
{
    private const double Half = 0.5;

    /// <inheritdoc/>
    public override string Key => "augmask";

    /// <summary>The fraction of patches that are masked, above 0 and below 1; rounded down to whole patches. Each image has its own mask.</summary>
    /// <value>0.5, as in the paper.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Ratio { get; init; } = 0.5;

    /// <summary>The number of patches along each side of an image, 2 to 64. If it does not divide the side, patch sizes differ by one pixel.</summary>
    /// <value>7: patches of 32 pixels at 224, as in the authors' code for ResNet.</value>
    [Range(2, 64)]
    public int Grid { get; init; } = 7;

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>A random mask for each image, [count, grid * grid] row by row: 0 for masked patches, 1 for others.</summary>
    internal static float[] DrawPatches(int count, int grid, double ratio, RandomStream random)
    {
        int patches = grid * grid;
        float[] kept = new float[count * patches];
        Array.Fill(kept, 1);
        for (int image = 0; image < count; image++)
        {
            foreach (int patch in random.Permutation(patches).Take((int)(ratio * patches)))
            {
                kept[image * patches + patch] = 0;
            }
        }

        return kept;
    }

    private sealed class Run(AugMask settings, StrategyContext context) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            Tensor images = pass.Batch.Images;
            float[] patches = DrawPatches((int)images.shape[0], settings.Grid, settings.Ratio, context.Random);
            Tensor mask = PatchGrid.Enlarge(patches.Upload(context.Device, images.shape[0], 1, settings.Grid, settings.Grid), images);
            ledger.ScaleCriterion(Half);
            ledger.Add("augmask", SoftTargets.CrossEntropy(pass.LogitsOf(images * mask), pass.Logits), Half);
        }
    }
}

/// <summary>A grid of patches over an image.</summary>
internal static class PatchGrid
{
    /// <summary>Enlarges the values of patches [N,1,g,g] to the pixels [N,1,H,W] of images: pixel y is in row floor(y g / H) of the grid.</summary>
    public static Tensor Enlarge(Tensor patches, Tensor images)
    {
        return patches.index_select(2, Cells(images.shape[2])).index_select(3, Cells(images.shape[3]));

        Tensor Cells(long pixels) => ((long[])[.. Enumerable.Range(0, (int)pixels).Select(pixel => pixel * patches.shape[2] / pixels)]).Upload(patches.device);
    }
}
