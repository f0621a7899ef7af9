using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>The criterion: from logits [N,K] and target distributions [N,K] to a scalar, the mean over the batch.</summary>
public abstract class ClassificationLoss
{
    /// <summary>Computes the loss; a hard label is the one-hot distribution.</summary>
    public abstract Tensor Compute(Tensor logits, Tensor targets);
}
