using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Class-wise self-knowledge distillation (Yun et al. 2020): images come in pairs of one class, and the first of a pair also learns the prediction of the second, which
/// is taken as it is: T^2 KL(softmax(z' / T) | softmax(z / T)), the mean over all pairs of a batch. Where the second comes from, evenly at random, is <see cref="Partners"/>: with
/// <see cref="PartnerSource.Batch"/> both of a pair are part of the batch and of the criterion, a batch has half as many pairs as images, and a class's odd one goes without; with
/// <see cref="PartnerSource.Class"/> each image of the batch is the first of a pair, and the second is no part of the criterion.
/// </summary>
/// <remarks>For the rows of Table 2 of the Feature Mining paper.</remarks>
public sealed class ClassWiseSelfDistillation : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "cs-kd";

    /// <summary>T, above 0: the higher, the softer the predictions that are compared.</summary>
    /// <value>4.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Temperature { get; init; } = 4;

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>1, the authors' for CIFAR-100; they take 3 for fine-grained sets.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Weight { get; init; } = 1;

    /// <summary>Where the second image of a pair is from.</summary>
    /// <value><see cref="PartnerSource.Batch"/>; the authors' code has <see cref="PartnerSource.Class"/>.</value>
    public PartnerSource Partners { get; init; }

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits =>
        StrategyTraits.NeedsWholeImages | StrategyTraits.NeedsOneClass | (Partners == PartnerSource.Class ? StrategyTraits.DrawsImages : StrategyTraits.OrdersImages);

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => Partners == PartnerSource.Class ? new ClassRun(this, context.Random) : new BatchRun(this);

    /// <summary>
    /// The term for rows 0 and 1, 2 and 3 and so on, as far as their targets are the same class: logits [N,K], one-hot targets [N,K], N at least 2.
    /// </summary>
    internal static Tensor Compare(Tensor logits, Tensor targets, double temperature)
    {
        long paired = logits.shape[0] / 2 * 2;
        Tensor same = (targets.slice(0, 0, paired, 2) * targets.slice(0, 1, paired, 2)).sum(1);      // [N/2]: 1 for a pair
        Tensor divergence = Divergence(logits.slice(0, 0, paired, 2), logits.slice(0, 1, paired, 2).detach(), temperature);
        return (divergence * same).sum() / same.sum().ClampMin(1);
    }

    /// <summary>T^2 KL(softmax(z' / T) | softmax(z / T)) of each row, [N], with logits z and their partners' z' [N,K].</summary>
    internal static Tensor Divergence(Tensor logits, Tensor partners, double temperature)
    {
        Tensor log = logits.Div(temperature).log_softmax(1);
        Tensor logPartner = partners.Div(temperature).log_softmax(1);
        return (logPartner.exp() * (logPartner - log)).sum(1).Mul(temperature * temperature);
    }

    private sealed class BatchRun(ClassWiseSelfDistillation settings) : StrategyRun
    {
        public override int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => ClassPairs.Order(order, labels, batchSize);

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            // A batch of one image has no pairs.
            if (pass.Logits.shape[0] > 1)
            {
                ledger.Add("cs-kd", Compare(pass.Logits, pass.Batch.Targets, settings.Temperature), settings.Weight);
            }
        }
    }

    private sealed class ClassRun(ClassWiseSelfDistillation settings, RandomStream draws) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) =>
            ledger.Add("cs-kd", Divergence(pass.Logits, pass.PartnerLogits(draws), settings.Temperature).mean(), settings.Weight);
    }
}

/// <summary>Puts images of one class side by side, two by two.</summary>
internal static class ClassPairs
{
    /// <summary>
    /// From a shuffled order to one in which rows 0 and 1, 2 and 3 and so on of each batch are of one class, as far as there are pairs; each image comes once, as before.
    /// Following images of a class are paired, so that a uniform order makes uniform pairs and no further draw is needed.
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

            // The last row of a batch of an odd size: where there is none without a partner, a pair must part.
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
        Dictionary<int, int> waiting = [];
        foreach (int index in order)
        {
            if (waiting.Remove(labels[index], out int first))
            {
                pairs.Enqueue((first, index));
            }
            else
            {
                waiting[labels[index]] = index;
            }
        }

        return (pairs, new Queue<int>(order.Where(index => waiting.TryGetValue(labels[index], out int single) && single == index)));
    }
}

/// <summary>Where class-wise self-distillation has the second image of a pair from.</summary>
public enum PartnerSource
{
    /// <summary>From the batch: each epoch pairs every image with one other of its class, and both are trained on. A step costs what a plain one does.</summary>
    Batch,

    /// <summary>
    /// From the whole class, for each image of the batch one, itself included, as in the authors' code: the second images go through the network by themselves, without gradient. A
    /// step costs a forward pass more and has twice as many pairs.
    /// </summary>
    Class,
}
