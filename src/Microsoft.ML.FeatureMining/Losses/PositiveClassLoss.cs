using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.SearchSpace;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// The positive class loss of the Visual Inductive Priors Framework (equation 5): - sum_k q_k log p_k + 1 - cos(q, p), where p is the softmax of the logits and
/// q the target. Unlike equation 4, it has no terms for the negative classes.
/// </summary>
public sealed record PositiveClassLoss : ClassificationLoss
{
    /// <inheritdoc/>
    public override string Key => "positive-class";

    /// <summary>Label smoothing: the fraction of the target that is spread evenly over all classes, in [0, 1). Both terms use the smoothed target.</summary>
    /// <value>0: no smoothing. The paper uses label smoothing but does not give the value.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    [SearchRange(0.0, 0.3, 0.1)]
    public double LabelSmoothing { get; init; }

    /// <summary>
    /// Whether the loss is computed on the logits z instead of on their softmax, as in lorenzobrigato/gem, an independent implementation: - sum_k q_k log
    /// sigmoid(z_k) + 1 - cos(q, z).
    /// </summary>
    /// <value>false: the equation.</value>
    [BooleanChoice(false)]
    public bool OnLogits { get; init; }

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor smooth = targets.Mul(1 - LabelSmoothing).Add(LabelSmoothing / logits.shape[1]); // [N,K]
        Tensor logProbabilities = OnLogits ? nn.functional.logsigmoid(logits) : nn.functional.log_softmax(logits, 1); // [N,K]
        Tensor crossEntropy = (smooth * logProbabilities).sum(1).neg(); // [N]
        Tensor cosine = nn.functional.cosine_similarity(smooth, OnLogits ? logits : logProbabilities.exp(), 1); // [N]
        return crossEntropy.Add(cosine.Rsub(1)).mean().MoveToOuterDisposeScope();
    }
}
