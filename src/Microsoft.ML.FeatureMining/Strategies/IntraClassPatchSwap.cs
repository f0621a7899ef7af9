using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Intra-class patch swap (Choi et al. 2025, arXiv 2505.14124): each epoch pairs every image with another image of its class, and the two exchange random
/// patches. Both stay images of their class; one often keeps more of the object and is easier. Besides the criterion on both, each learns the prediction of the
/// other, which is detached: T^2 (KL(p_b | p_a) + KL(p_a | p_b)) with p = softmax(z / T), the mean over the pairs of a batch.
/// </summary>
/// <remarks>
/// Implemented from a description of the paper; the authors' code was not available. The defaults of grid, ratio, T and weight are this library's choices. If a
/// class has an odd number of images, one image has no pair.
/// </remarks>
public sealed record IntraClassPatchSwap : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "intra-class-patch-swap";

    /// <summary>The probability that the two images of a pair swap patches, above 0 and at most 1.</summary>
    /// <value>0.5.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double Probability { get; init; } = 0.5;

    /// <summary>The number of patches along each side of an image, 2 to 64. If it does not divide the side, patch sizes differ by one pixel.</summary>
    /// <value>4: patches of 8 pixels at 32.</value>
    [Range(2, 64)]
    public int Grid { get; init; } = 4;

    /// <summary>The probability that a patch is swapped, above 0 and below 1. A ratio and one minus that ratio give the same pairs.</summary>
    /// <value>0.5.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double Ratio { get; init; } = 0.5;

    /// <summary>The temperature T, above 0. A higher temperature gives softer distributions.</summary>
    /// <value>4.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 4;

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsWholeImages | StrategyTraits.NeedsOneClass | StrategyTraits.OrdersImages;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

    /// <summary>
    /// Swaps the masked pixels of rows 0 and 1, 2 and 3 and so on, where both have the same class. Others, and the last row of an odd number, are unchanged.
    /// </summary>
    /// <param name="batch">Images [N,C,H,W] and targets [N,K].</param>
    /// <param name="mask">1 for pixels to swap, 0 for others, [N / 2,1,H,W].</param>
    internal static Batch Swap(Batch batch, Tensor mask)
    {
        (int count, int pairs) = ((int)batch.Images.shape[0], (int)mask.shape[0]);
        Tensor partners = Indices(row => row < 2 * pairs ? row ^ 1 : row); // 1, 0, 3, 2, ...
        Tensor pixels = (mask * ClassPairs.SameClass(batch.Targets).view(-1, 1, 1, 1)).index_select(0, Indices(row => Math.Min(row / 2, pairs - 1))); // [N,1,H,W]
        return batch with { Images = where(pixels.to(ScalarType.Bool), batch.Images.index_select(0, partners), batch.Images) };

        Tensor Indices(Func<int, long> indexOf) => ((long[])[.. Enumerable.Range(0, count).Select(indexOf)]).Upload(batch.Images.device);
    }

    /// <summary>
    /// T^2 (KL(p_b | p_a) + KL(p_a | p_b)) of rows 0 and 1, 2 and 3 and so on, each other's p detached; the mean over the pairs of the same class. Logits
    /// [N,K], one-hot targets [N,K], N at least 2.
    /// </summary>
    internal static Tensor MutualDivergence(Tensor logits, Tensor targets, double temperature)
    {
        (Tensor first, Tensor second) = ClassPairs.Of(logits);
        Tensor there = SoftTargets.Divergence(first, second.detach(), temperature),
            back = SoftTargets.Divergence(second, first.detach(), temperature);
        return ClassPairs.Mean(there.Add(back), targets);
    }

    private sealed class Run(IntraClassPatchSwap settings, StrategyContext context) : StrategyRun
    {
        public override int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => ClassPairs.Order(order, labels, batchSize);

        public override Batch Prepare(Batch batch, TrainingClock clock)
        {
            int pairs = (int)batch.Images.shape[0] / 2;
            if (pairs == 0)
            {
                return batch;
            }

            float[] patches = [.. Enumerable.Range(0, pairs).SelectMany(_ => DrawPatches())];
            return Swap(batch, PatchGrid.Enlarge(patches.Upload(context.Device, pairs, 1, settings.Grid, settings.Grid), batch.Images));
        }

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            // A batch of one image has no pairs.
            if (pass.Logits.shape[0] > 1)
            {
                ledger.Add("intra-class-patch-swap", MutualDivergence(pass.Logits, pass.Batch.Targets, settings.Temperature), settings.Weight);
            }
        }

        private float[] DrawPatches()
        {
            double ratio = context.Random.NextDouble() < settings.Probability ? settings.Ratio : 0;
            return [.. Enumerable.Range(0, settings.Grid * settings.Grid).Select(_ => context.Random.NextDouble() < ratio ? 1f : 0f)];
        }
    }
}
