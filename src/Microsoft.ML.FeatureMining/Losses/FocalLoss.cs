using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// Focal loss over exclusive classes (Lin et al. 2017, with softmax): - sum_k q_k (1 - p_k)^gamma log p_k. Samples that are already classified well get a small
/// weight.
/// </summary>
public sealed record FocalLoss : ClassificationLoss
{
    // Lower bound of 1 - p. The derivative of (1 - p)^gamma is infinite at p = 1 for gamma below 1.
    private const double Smallest = 1e-8;

    /// <inheritdoc/>
    public override string Key => "focal";

    /// <summary>Gamma, at least 0; 0 is cross entropy.</summary>
    /// <value>2.</value>
    [Range(0.0, double.MaxValue)]
    public double Gamma { get; init; } = 2;

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor logProbabilities = nn.functional.log_softmax(logits, 1); // [N,K]
        Tensor weights = logProbabilities.exp().Rsub(1).ClampMin(Smallest).Pow(Gamma); // [N,K]
        return (targets * weights * logProbabilities).sum(1).mean().neg().MoveToOuterDisposeScope();
    }
}

/// <summary>
/// Focal loss for multi-label images (Lin et al. 2017): the mean over images and classes of alpha_t (1 - p_t)^gamma times binary cross entropy,
/// with p_t = p t + (1 - p)(1 - t) and alpha_t = alpha t + (1 - alpha)(1 - t).
/// </summary>
public sealed record BinaryFocalLoss : ClassificationLoss
{
    // Lower bound of 1 - p. The derivative of (1 - p)^gamma is infinite at p = 1 for gamma below 1.
    private const double Smallest = 1e-8;

    /// <inheritdoc/>
    public override string Key => "binary-focal";

    /// <inheritdoc/>
    public override bool IsMultilabel => true;

    /// <summary>Gamma, at least 0.</summary>
    /// <value>2.</value>
    [Range(0.0, double.MaxValue)]
    public double Gamma { get; init; } = 2;

    /// <summary>Alpha, the weight of positives, in [0, 1]. Negatives have the weight 1 - alpha.</summary>
    /// <value>0.25.</value>
    [Range(0.0, 1.0)]
    public double Alpha { get; init; } = 0.25;

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        return Elements(logits, targets).mean().MoveToOuterDisposeScope();
    }

    /// <summary>The loss of each element, in the shape of the logits.</summary>
    internal Tensor Elements(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor entropy = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction: nn.Reduction.None);
        Tensor missed = Mix(logits.neg().sigmoid(), logits.sigmoid()); // 1 - p_t
        Tensor weights = targets.Mul(Alpha).Add(targets.Rsub(1).Mul(1 - Alpha));
        return (weights * missed.ClampMin(Smallest).Pow(Gamma) * entropy).MoveToOuterDisposeScope();

        Tensor Mix(Tensor ofPositives, Tensor ofNegatives) => (targets * ofPositives).Add(targets.Rsub(1) * ofNegatives);
    }
}
