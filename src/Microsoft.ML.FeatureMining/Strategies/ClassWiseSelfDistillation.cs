using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Class-wise self-knowledge distillation, CS-KD (Yun et al. 2020): images are paired with another image of their class. The first image of a pair also learns
/// the prediction of the second, which is detached: T^2 KL(softmax(z' / T) | softmax(z / T)), the mean over the pairs of a batch. <see cref="Partners"/> sets
/// where the second image comes from. With <see cref="PartnerSource.Batch"/> both images are part of the batch and of the criterion; a batch has half as many
/// pairs as images, and with an odd number of images of a class one image has no pair. With <see cref="PartnerSource.Class"/> each image of the batch is the
/// first of a pair, and the second images are not part of the criterion.
/// </summary>
/// <remarks>Table 2 of the Feature Mining paper.</remarks>
public sealed record ClassWiseSelfDistillation : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "cs-kd";

    /// <summary>The temperature T, above 0. A higher temperature gives softer distributions.</summary>
    /// <value>4.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 4;

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>1, as the authors use for CIFAR-100; they use 3 for fine-grained data sets.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Weight { get; init; } = 1;

    /// <summary>Where the second image of a pair comes from.</summary>
    /// <value><see cref="PartnerSource.Batch"/>; the authors' code uses <see cref="PartnerSource.Class"/>.</value>
    public PartnerSource Partners { get; init; }

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits =>
        StrategyTraits.NeedsWholeImages
        | StrategyTraits.NeedsOneClass
        | (Partners == PartnerSource.Class ? StrategyTraits.DrawsImages : StrategyTraits.OrdersImages);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) =>
        Partners == PartnerSource.Class ? new ClassRun(this, context.Random) : new BatchRun(this);

    /// <summary>
    /// The mean divergence of the rows 0 and 1, 2 and 3 and so on, over the pairs with the same class. Logits [N,K], one-hot targets [N,K], N at least 2.
    /// </summary>
    internal static Tensor PairDivergence(Tensor logits, Tensor targets, double temperature)
    {
        (Tensor first, Tensor second) = ClassPairs.Of(logits);
        return ClassPairs.Mean(SoftTargets.Divergence(first, second.detach(), temperature), targets);
    }

    private sealed class BatchRun(ClassWiseSelfDistillation settings) : StrategyRun
    {
        public override int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => ClassPairs.Order(order, labels, batchSize);

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            // A batch of one image has no pairs.
            if (pass.Logits.shape[0] > 1)
            {
                ledger.Add("cs-kd", PairDivergence(pass.Logits, pass.Batch.Targets, settings.Temperature), settings.Weight);
            }
        }
    }

    private sealed class ClassRun(ClassWiseSelfDistillation settings, RandomStream draws) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) =>
            ledger.Add("cs-kd", SoftTargets.Divergence(pass.Logits, pass.PartnerLogits(draws), settings.Temperature).mean(), settings.Weight);
    }
}

/// <summary>Reorders images so that neighbors form pairs of one class.</summary>
internal static class ClassPairs
{
    /// <summary>Rows 0, 2, 4 and so on, and rows 1, 3, 5 and so on; without the last row if their number is odd.</summary>
    public static (Tensor First, Tensor Second) Of(Tensor rows)
    {
        long paired = rows.shape[0] / 2 * 2;
        return (rows.slice(0, 0, paired, 2), rows.slice(0, 1, paired, 2));
    }

    /// <summary>1 for two rows of the same class, else 0, [N/2], for one-hot targets [N,K].</summary>
    public static Tensor SameClass(Tensor targets)
    {
        (Tensor first, Tensor second) = Of(targets);
        return (first * second).sum(1);
    }

    /// <summary>The mean of values [N/2] over the pairs of the same class.</summary>
    public static Tensor Mean(Tensor values, Tensor targets)
    {
        Tensor same = SameClass(targets);
        return (values * same).sum() / same.sum().ClampMin(1);
    }

    /// <summary>
    /// Rearranges a shuffled order so that rows 0 and 1, 2 and 3 and so on of each batch have the same class, as far as there are pairs. Each image still comes
    /// exactly once. Pairs are consecutive images of a class in the shuffled order, so the pairs are uniform without another random draw.
    /// </summary>
    public static int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize)
    {
        (Queue<(int First, int Second)> pairs, Queue<int> singles) = Pair(order, labels);
        List<int> arranged = new(order.Length);
        while (arranged.Count < order.Length)
        {
            int row = arranged.Count % batchSize;
            if (pairs.Count > 0 && row % 2 == 0 && row + 1 < batchSize)
            {
                (int first, int second) = pairs.Dequeue();
                arranged.AddRange([first, second]);
                continue;
            }

            // The last row of a batch with an odd size needs a single image. If none is left, split a pair.
            if (singles.Count == 0)
            {
                (int first, int second) = pairs.Dequeue();
                singles.Enqueue(first);
                singles.Enqueue(second);
            }

            arranged.Add(singles.Dequeue());
        }

        return [.. arranged];
    }

    private static (Queue<(int First, int Second)> Pairs, Queue<int> Singles) Pair(int[] order, IReadOnlyList<int> labels)
    {
        Queue<(int First, int Second)> pairs = [];
        // By position: an order may have an image twice.
        Dictionary<int, int> waiting = [];
        for (int i = 0; i < order.Length; i++)
        {
            if (waiting.Remove(labels[order[i]], out int first))
            {
                pairs.Enqueue((order[first], order[i]));
            }
            else
            {
                waiting[labels[order[i]]] = i;
            }
        }

        return (pairs, new Queue<int>(waiting.Values.Order().Select(i => order[i])));
    }
}

/// <summary>Where the second image of a pair comes from in class-wise self-distillation.</summary>
public enum PartnerSource
{
    /// <summary>
    /// From the batch: each epoch pairs every image with another image of its class, and the criterion uses both. A step costs the same as without the
    /// strategy.
    /// </summary>
    Batch,

    /// <summary>
    /// From all images of the class, as in the authors' code: one random image per image of the batch, possibly the same image. The second images go through
    /// the network in a separate forward pass without gradient. A step costs one more forward pass and has twice as many pairs.
    /// </summary>
    Class,
}
