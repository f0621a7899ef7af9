using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Halves a map without aliasing: the filter [1,2,1]x[1,2,1]/16 at stride 2 over a reflected border (Zhang 2019, "Making Convolutional Networks Shift-Invariant
/// Again"). The filter is a 2x2 mean after a 2x2 mean, so that there is nothing to store.
/// </summary>
internal sealed class BlurPool() : nn.Module<Tensor, Tensor>(nameof(BlurPool))
{
    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor padded = Reflected(Reflected(input, 2), 3);
        Tensor halfway = nn.functional.avg_pool2d(padded, [2, 2], [1, 1]);
        return nn.functional.avg_pool2d(halfway, [2, 2], [2, 2]).MoveToOuterDisposeScope();
    }

    // Not functional.pad: older versions of libtorch reflect no bfloat16. A map of one row or column has nothing to reflect but itself.
    private static Tensor Reflected(Tensor map, int dimension)
    {
        long size = map.shape[dimension];
        return cat([map.narrow(dimension, Math.Min(1, size - 1), 1), map, map.narrow(dimension, Math.Max(size - 2, 0), 1)], dimension);
    }
}
