using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// CutMix (Yun et al. 2019): replaces a box of each image by the same box of another image of the batch, and mixes the targets by area. lambda ~ Beta(alpha,
/// alpha). The box has the sides W sqrt(1 - lambda) and H sqrt(1 - lambda) and a uniform center. It is clipped to the image, and then lambda is set to the
/// remaining fraction of the area. One box and one permutation per batch.
/// </summary>
/// <remarks>Table 4 of the Visual Inductive Priors Framework, which varies the probability.</remarks>
public sealed record CutMix : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "cutmix";

    /// <summary>Alpha of the Beta distribution, above 0.</summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Alpha { get; init; } = 1;

    /// <summary>The probability that a batch is mixed, above 0 and at most 1.</summary>
    /// <value>0.5.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Probability { get; init; } = 0.5;

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.MixesImages;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>
    /// The box of CutMix and of equation 1 of Feature Mining, on a map of that size: w = W sqrt(1 - lambda), h = H sqrt(1 - lambda), center uniform, clipped to
    /// the map. Half sizes are rounded down, as the CutMix authors' code does, so small boxes on small maps can be empty.
    /// </summary>
    /// <param name="width">W.</param>
    /// <param name="height">H.</param>
    /// <param name="lambda">The share of the map outside the box, before it is clipped, in [0, 1].</param>
    /// <param name="random">Draws the center: x, then y.</param>
    internal static PixelBox DrawBox(int width, int height, double lambda, RandomStream random)
    {
        double side = Math.Sqrt(1 - lambda);
        (int halfWidth, int halfHeight) = ((int)(width * side) / 2, (int)(height * side) / 2);
        (int centerX, int centerY) = (random.NextInt(width), random.NextInt(height));
        (int left, int right) = (Math.Max(centerX - halfWidth, 0), Math.Min(centerX + halfWidth, width));
        (int top, int bottom) = (Math.Max(centerY - halfHeight, 0), Math.Min(centerY + halfHeight, height));
        return new PixelBox(top, left, bottom - top, right - left);
    }

    /// <summary>Pastes the box of image order[i] into image i, and mixes the targets by area.</summary>
    internal static Batch Paste(Batch batch, Tensor order, PixelBox box)
    {
        long[] shape = batch.Images.shape;
        Tensor images = batch.Images.clone();
        Crop(images).copy_(Crop(batch.Images).index_select(0, order));
        return new Batch(images, Mixup.Mix(batch.Targets, order, 1 - (double)box.Area / (shape[2] * shape[3])));

        Tensor Crop(Tensor whole) => whole.narrow(2, box.Top, box.Height).narrow(3, box.Left, box.Width);
    }

    private sealed class Run(CutMix settings, StrategyContext context) : StrategyRun
    {
        public override Batch Prepare(Batch batch, TrainingClock clock)
        {
            if (context.Random.NextDouble() >= settings.Probability)
            {
                return batch;
            }

            long[] shape = batch.Images.shape;
            PixelBox box = DrawBox((int)shape[3], (int)shape[2], BetaDistribution.Draw(settings.Alpha, context.Random), context.Random);
            Tensor order = Array.ConvertAll(context.Random.Permutation((int)shape[0]), index => (long)index).Upload(context.Device);
            return box.Area == 0 ? batch : Paste(batch, order, box);
        }
    }
}
