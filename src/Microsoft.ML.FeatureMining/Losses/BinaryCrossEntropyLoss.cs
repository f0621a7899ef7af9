using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// Binary cross entropy for labels that do not exclude each other: the mean over images and classes of - w_k t log s(x) - (1 - t) log(1 - s(x)), s the sigmoid, t the
/// target and w_k the weight of a positive of class k. The patch-training paper sums over the classes instead, which is K times as much.
/// </summary>
public sealed record BinaryCrossEntropyLoss : ClassificationLoss
{
    /// <inheritdoc/>
    public override string Key => "binary-cross-entropy";

    /// <inheritdoc/>
    public override bool IsMultilabel => true;

    /// <summary>For each class the weight of its positives, above 0; null weighs all alike.</summary>
    /// <value>None. <see cref="Balance"/> gives those of a training set.</value>
    public IReadOnlyList<double>? PositiveWeights { get; init; }

    /// <summary>Weights that let each class's positives count as much as its negatives: negatives / positives, and 1 for a class without a positive.</summary>
    /// <param name="positives">For each class, in how many images it is.</param>
    /// <param name="images">All images.</param>
    public static IReadOnlyList<double> Balance(IReadOnlyList<int> positives, int images)
    {
        ArgumentNullException.ThrowIfNull(positives);
        ArgumentOutOfRangeException.ThrowIfLessThan(images, positives.DefaultIfEmpty().Max());
        // A class that is in every image has no negatives to weigh against.
        return [.. positives.Select(count => count == 0 || count == images ? 1.0 : (double)(images - count) / count)];
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (PositiveWeights is not null && !PositiveWeights.All(weight => weight > 0 && double.IsFinite(weight)))
        {
            yield return "PositiveWeights of binary-cross-entropy must be above 0 and finite.";
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor? weights = null;
        if (PositiveWeights is not null)
        {
            if (PositiveWeights.Count != logits.shape[1])
            {
                throw new InvalidOperationException($"There are {PositiveWeights.Count} positive weights for {logits.shape[1]} classes.");
            }

            weights = tensor(PositiveWeights.ToArray(), device: logits.device).to(logits.dtype);    // [K]
        }

        return nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weights: weights).MoveToOuterDisposeScope();
    }
}
