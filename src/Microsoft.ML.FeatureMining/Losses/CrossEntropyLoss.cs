using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// Cross entropy, - sum_k q_k log softmax(a)_k, with q = (1 - e) * target + e / K for label smoothing e (Szegedy et al. 2016).
/// </summary>
public sealed record CrossEntropyLoss : ClassificationLoss
{
    /// <inheritdoc/>
    public override string Key => "cross-entropy";

    /// <summary>Label smoothing e: the fraction of the target that is spread evenly over all classes, in [0, 1).</summary>
    /// <value>0: no smoothing.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    [SearchRange(0.0, 0.3, 0.1)]
    public double LabelSmoothing { get; init; }

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        return nn.functional.cross_entropy(logits, targets, label_smoothing: LabelSmoothing);
    }
}
