using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// CutMix (Yun et al. 2019): a box of each image is replaced by the same box of another image of the batch, and the targets mix by area. lambda ~ Beta(alpha, alpha); the
/// box has the sides W sqrt(1 - lambda) and H sqrt(1 - lambda) and a uniform center and is cut at the edges, after which lambda becomes the share that is left. One box
/// and one permutation a batch.
/// </summary>
/// <remarks>Table 4 of the Visual Inductive Priors Framework varies the probability.</remarks>
public sealed class CutMix : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "cutmix";

    /// <summary>Alpha, above 0.</summary>
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

    /// <summary>Puts the box of the images in that order over the images.</summary>
    internal static Batch Paste(Batch batch, Tensor order, BoundingBox box)
    {
        long[] shape = batch.Images.shape;
        Tensor images = batch.Images.clone();
        Cut(images).copy_(Cut(batch.Images).index_select(0, order));
        return new Batch(images, Mixup.Mix(batch.Targets, order, 1 - (double)box.Area / (shape[2] * shape[3])));

        Tensor Cut(Tensor whole) => whole.narrow(2, box.Top, box.Bottom - box.Top).narrow(3, box.Left, box.Right - box.Left);
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
            BoundingBox box = BoundingBox.Draw((int)shape[3], (int)shape[2], BetaDistribution.Draw(settings.Alpha, context.Random), context.Random);
            Tensor order = tensor(Array.ConvertAll(context.Random.Permutation((int)shape[0]), index => (long)index), device: context.Device);
            return box.Area == 0 ? batch : Paste(batch, order, box);
        }
    }
}
