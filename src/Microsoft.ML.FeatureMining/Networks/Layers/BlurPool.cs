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
        // Reflection takes two rows and two columns; a single one is repeated, as it has nothing to reflect but itself.
        Tensor map = input.expand(-1, -1, Math.Max(2, input.shape[2]), Math.Max(2, input.shape[3]));
        Tensor padded = nn.functional.pad(map, (1, 1, 1, 1), PaddingModes.Reflect);
        Tensor halfway = nn.functional.avg_pool2d(padded, [2, 2], [1, 1]);
        return nn.functional.avg_pool2d(halfway, [2, 2], [2, 2]).MoveToOuterDisposeScope();
    }
}
