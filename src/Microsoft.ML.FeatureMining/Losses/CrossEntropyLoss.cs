using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>
/// Cross entropy, - sum_k q_k log softmax(a)_k, with q = (1 - e) * target + e / K for label smoothing e (Szegedy et al. 2016).
/// </summary>
public sealed record CrossEntropyLoss : ClassificationLoss
{
    /// <inheritdoc/>
    public override string Key => "cross-entropy";

    /// <summary>The share e of the target that is spread evenly over all classes, in [0, 1).</summary>
    /// <value>0: none.</value>
    public double LabelSmoothing { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!(LabelSmoothing is >= 0 and < 1))
        {
            yield return $"LabelSmoothing lies in [0, 1); it is {LabelSmoothing}.";
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor logProbabilities = nn.functional.log_softmax(logits, 1);                           // [N,K]
        Tensor perImage = (targets * logProbabilities).sum(1);                                    // [N]
        if (LabelSmoothing > 0)
        {
            perImage = perImage.Mul(1 - LabelSmoothing).Add(logProbabilities.mean(new long[] { 1 }).Mul(LabelSmoothing));
        }

        return perImage.mean().neg().MoveToOuterDisposeScope();
    }
}
