using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// The positive class loss of the Visual Inductive Priors Framework (equation 5): - sum_k q_k log p_k + 1 - cos(q, p), with p = softmax of the logits and q the target.
/// Unlike equation 4 it does not push down the other classes one by one.
/// </summary>
public sealed record PositiveClassLoss : ClassificationLoss
{
    /// <inheritdoc/>
    public override string Key => "positive-class";

    /// <summary>The share of the target that is spread evenly over all classes, in [0, 1); both parts see the smoothed target.</summary>
    /// <value>0: none. The paper trains with smoothed labels and does not say how much.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    [SearchRange(0.0, 0.3, 0.1)]
    public double LabelSmoothing { get; init; }

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor smooth = targets.Mul(1 - LabelSmoothing).Add(LabelSmoothing / logits.shape[1]);      // [N,K]
        Tensor logProbabilities = nn.functional.log_softmax(logits, 1);                             // [N,K]
        Tensor crossEntropy = (smooth * logProbabilities).sum(1).neg();                             // [N]
        Tensor cosine = nn.functional.cosine_similarity(smooth, logProbabilities.exp(), 1);         // [N]
        return crossEntropy.Add(cosine.Rsub(1)).mean().MoveToOuterDisposeScope();
    }
}
