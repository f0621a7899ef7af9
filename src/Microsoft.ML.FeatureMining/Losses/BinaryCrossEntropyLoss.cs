using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// Binary cross entropy for multi-label images: the mean over images and classes of - w_k t log s(x) - (1 - t) log(1 - s(x)), where s is the sigmoid, t the
/// target and w_k the weight of the positives of class k. The patch-training paper sums over the K classes, which gives a loss K times as large.
/// </summary>
public sealed record BinaryCrossEntropyLoss : ClassificationLoss
{
    /// <inheritdoc/>
    public override string Key => "binary-cross-entropy";

    /// <inheritdoc/>
    public override bool IsMultilabel => true;

    /// <summary>The weight of the positives of each class, above 0. null: all weights are 1.</summary>
    /// <value>null. <see cref="Balance"/> computes balancing weights for a training set.</value>
    public IReadOnlyList<double>? PositiveWeights { get; init; }

    /// <summary>
    /// Weights that balance positives and negatives of each class: negatives / positives, and 1 for a class that no image or every image has.
    /// </summary>
    /// <param name="positives">The number of images of each class.</param>
    /// <param name="images">The number of all images.</param>
    public static IReadOnlyList<double> Balance(IReadOnlyList<int> positives, int images)
    {
        ArgumentNullException.ThrowIfNull(positives);
        ArgumentOutOfRangeException.ThrowIfLessThan(images, positives.DefaultIfEmpty().Max());
        return [.. positives.Select(count => count == 0 || count == images ? 1.0 : (double)(images - count) / count)];
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => WeightsOfClasses.Problems(PositiveWeights, $"{nameof(PositiveWeights)} of {Key}");

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor? weights = PositiveWeights is null ? null : WeightsOfClasses.Upload(PositiveWeights, logits, $"{nameof(PositiveWeights)} of {Key}"); // [K]
        return nn.functional.binary_cross_entropy_with_logits(logits, targets, pos_weights: weights).MoveToOuterDisposeScope();
    }
}
