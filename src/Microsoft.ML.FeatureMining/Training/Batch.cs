using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>One batch on the training device. Never edited: a strategy that changes it returns a new one.</summary>
/// <param name="Images">Normalized images [N,C,H,W], float.</param>
/// <param name="Targets">Target distributions [N,K], float; a hard label is its one-hot row.</param>
public sealed record Batch(Tensor Images, Tensor Targets)
{
    /// <summary>The images from <paramref name="start"/> up to <paramref name="end"/>, without it.</summary>
    internal Batch Slice(long start, long end) => new(Images.narrow(0, start, end - start), Targets.narrow(0, start, end - start));
}
