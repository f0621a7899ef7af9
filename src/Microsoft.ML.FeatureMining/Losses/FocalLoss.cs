using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>Focal loss over exclusive classes (Lin et al. 2017, with softmax): - sum_k q_k (1 - p_k)^gamma log p_k. What is already learned weighs less.</summary>
public sealed record FocalLoss : ClassificationLoss
{
    // Where a probability is 1 in single precision; (1 - p)^gamma has no slope there for gamma below 1.
    private const double Smallest = 1e-8;

    /// <inheritdoc/>
    public override string Key => "focal";

    /// <summary>Gamma, at least 0; 0 is cross entropy.</summary>
    /// <value>2.</value>
    public double Gamma { get; init; } = 2;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (!(Gamma >= 0 && double.IsFinite(Gamma)))
        {
            yield return $"Gamma of focal loss is at least 0; it is {Gamma}.";
        }
    }

    /// <inheritdoc/>
    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        using DisposeScope scope = NewDisposeScope();
        Tensor logProbabilities = nn.functional.log_softmax(logits, 1);                             // [N,K]
        Tensor weights = logProbabilities.exp().Rsub(1).ClampMin(Smallest).Pow(Gamma);              // [N,K]
        return (targets * weights * logProbabilities).sum(1).mean().neg().MoveToOuterDisposeScope();
    }
}
