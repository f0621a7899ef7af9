using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What a batch adds to the running metrics, on the device.</summary>
internal static class BatchSums
{
    /// <summary>[2]: the loss summed over the images, and the hits.</summary>
    /// <param name="loss">The batch's mean loss.</param>
    /// <param name="logits">[N,K].</param>
    /// <param name="targets">[N,K].</param>
    /// <param name="areSets">
    /// Whether targets are sets of classes. A hit is where logits and target have their largest entry at the same class; of sets, the share of the classes that are both in the target and
    /// predicted (logit above 0) among those that are either.
    /// </param>
    public static Tensor Of(Tensor loss, Tensor logits, Tensor targets, bool areSets)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor hits = (areSets ? Jaccard(logits.Gt(0), targets.Gt(0)) : logits.argmax(1).eq(targets.argmax(1))).sum().to(ScalarType.Float64);
        return stack([loss.detach().to(ScalarType.Float64).Mul(logits.shape[0]), hits]).MoveToOuterDisposeScope();
    }

    // [N]; two empty sets are equal.
    private static Tensor Jaccard(Tensor predicted, Tensor actual)
    {
        Tensor either = predicted.logical_or(actual).sum(1);
        return predicted.logical_and(actual).sum(1).Add(either.Eq(0)) / either.ClampMin(1);
    }
}
