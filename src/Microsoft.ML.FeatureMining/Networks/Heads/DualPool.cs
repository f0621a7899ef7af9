using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>"Dual pooling": the mean of average and maximum over all positions (Sun et al. 2020, section 4.3).</summary>
internal static class DualPool
{
    public static Tensor Of(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return ImageNetwork.Pool(features).Add(features.amax(2, 3)).Mul(0.5).MoveToOuterDisposeScope();
    }
}
