using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// Cross entropy, - sum_k q_k log softmax(a)_k, with q = (1 - e) * target + e / K for label smoothing e (Szegedy et al. 2016), averaged over the images.
/// With class weights w, as PyTorch's <c>CrossEntropyLoss(weight)</c>: the sum over the images of - sum_k w_k q_k log softmax(a)_k, divided by the sum over the
/// images of sum_k w_k target_k.
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

    /// <summary>The weight of each class, above 0, in the order of the label's keys. null: all weights are 1.</summary>
    /// <value>null. <see cref="Training.TrainingOptions.ClassWeighting"/> computes weights from the training labels.</value>
    public IReadOnlyList<double>? ClassWeights { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => WeightsOfClasses.Problems(ClassWeights, $"{nameof(ClassWeights)} of {Key}");

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        if (ClassWeights is null)
        {
            return nn.functional.cross_entropy(logits, targets, label_smoothing: LabelSmoothing);
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor weights = WeightsOfClasses.Upload(ClassWeights, logits, $"{nameof(ClassWeights)} of {Key}"); // [K]
        // PyTorch divides by N if targets are distributions.
        Tensor sum = nn.functional.cross_entropy(logits, targets, weights, reduction: nn.Reduction.Sum, label_smoothing: LabelSmoothing);
        return sum.div((targets * weights).sum()).MoveToOuterDisposeScope();
    }
}

/// <summary>One weight per class, as a setting of a loss.</summary>
internal static class WeightsOfClasses
{
    public static IEnumerable<string> Problems(IReadOnlyList<double>? weights, string setting)
    {
        if (weights is not null && !weights.All(weight => weight > 0 && double.IsFinite(weight)))
        {
            yield return $"{setting} must be above 0 and finite.";
        }
    }

    /// <summary>[K], with the type and on the device of the logits [N,K].</summary>
    /// <exception cref="InvalidOperationException">There is another number of weights than classes.</exception>
    public static Tensor Upload(IReadOnlyList<double> weights, Tensor logits, string setting) =>
        weights.Count == logits.shape[1]
            ? weights.ToArray().Upload(logits.device).to(logits.dtype)
            : throw new InvalidOperationException($"{setting} has {weights.Count} weights for {logits.shape[1]} classes; it needs one weight per class.");
}
