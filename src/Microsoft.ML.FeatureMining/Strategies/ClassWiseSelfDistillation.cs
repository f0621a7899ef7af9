using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Class-wise self-knowledge distillation (Yun et al. 2020): images come in pairs of one class, and the first of a pair also learns the prediction of the second, which
/// is taken as it is: T^2 KL(softmax(z' / T) | softmax(z / T)), the mean over all pairs of a batch. Each epoch pairs every image with one other of its class, evenly at
/// random; a class's odd one goes without. Unlike the authors' code, which runs the second images apart, both of a pair are part of the batch and of the criterion,
/// so that a step costs what a plain one does and has half as many pairs as images.
/// </summary>
/// <remarks>For the rows of Table 2 of the Feature Mining paper. A batch of one image has no pairs.</remarks>
public sealed class ClassWiseSelfDistillation : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "cs-kd";

    /// <summary>T, above 0: the higher, the softer the predictions that are compared.</summary>
    /// <value>4.</value>
    public double Temperature { get; init; } = 4;

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>1, the authors' for CIFAR-100; they take 3 for fine-grained sets.</value>
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.OrdersImages | StrategyTraits.NeedsWholeImages | StrategyTraits.NeedsOneClass;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (!(Temperature > 0 && double.IsFinite(Temperature)))
        {
            yield return $"Temperature of class-wise self-distillation is above 0; it is {Temperature}.";
        }

        if (!(Weight > 0 && double.IsFinite(Weight)))
        {
            yield return $"Weight of class-wise self-distillation is above 0; it is {Weight}.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => new Run(this);

    /// <summary>
    /// The term for rows 0 and 1, 2 and 3 and so on, as far as their targets are the same class: logits [N,K], one-hot targets [N,K], N at least 2.
    /// </summary>
    internal static Tensor Compare(Tensor logits, Tensor targets, double temperature)
    {
        long paired = logits.shape[0] / 2 * 2;
        Tensor same = (targets.slice(0, 0, paired, 2) * targets.slice(0, 1, paired, 2)).sum(1);      // [N/2]: 1 for a pair
        Tensor log = (logits.slice(0, 0, paired, 2) / temperature).log_softmax(1);
        Tensor logPartner = (logits.slice(0, 1, paired, 2).detach() / temperature).log_softmax(1);
        Tensor divergence = (logPartner.exp() * (logPartner - log)).sum(1);                          // [N/2]
        return (divergence * same).sum() / same.sum().clamp_min(1) * (temperature * temperature);
    }

    private sealed class Run(ClassWiseSelfDistillation settings) : StrategyRun
    {
        public override int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize) => ClassPairs.Order(order, labels, batchSize);

        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            if (pass.Logits.shape[0] > 1)
            {
                ledger.Add("cs-kd", Compare(pass.Logits, pass.Batch.Targets, settings.Temperature), settings.Weight);
            }
        }
    }
}
