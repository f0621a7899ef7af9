using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What a batch adds to the running metrics, on the device.</summary>
internal static class BatchSums
{
    /// <summary>[2]: the loss summed over the images, and the hits.</summary>
    /// <param name="loss">The batch's mean loss.</param>
    /// <param name="logits">[N,K].</param>
    /// <param name="targets">[N,K]; a hit is where both have their largest entry at the same class.</param>
    public static Tensor Of(Tensor loss, Tensor logits, Tensor targets)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor hits = logits.argmax(1).eq(targets.argmax(1)).sum().to(ScalarType.Float64);
        return stack([loss.detach().to(ScalarType.Float64) * logits.shape[0], hits]).MoveToOuterDisposeScope();
    }
}
