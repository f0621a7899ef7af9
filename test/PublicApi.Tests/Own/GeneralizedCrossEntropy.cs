using Microsoft.ML.FeatureMining.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>(1 - p_y^q) / q (Zhang and Sabuncu 2018), for noisy labels.</summary>
internal sealed record GeneralizedCrossEntropy : ClassificationLoss
{
    public override string Key => "generalized-cross-entropy";

    /// <summary>q, in (0, 1].</summary>
    public double Exponent { get; init; } = 0.7;

    public override IEnumerable<string> Problems() => Exponent is > 0 and <= 1 ? [] : [$"Exponent must be above 0 and at most 1; it is {Exponent}."];

    public override Tensor Compute(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor probability = (nn.functional.softmax(logits, 1) * targets).sum(1); // [N]
        return ((1 - probability.pow(Exponent)) / Exponent).mean().MoveToOuterDisposeScope();
    }
}
