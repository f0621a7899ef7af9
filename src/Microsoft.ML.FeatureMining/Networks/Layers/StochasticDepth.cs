using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Leaves out a residual branch, image by image, with probability <paramref name="probability"/> while training, and makes up for it in the others
/// (Huang et al. 2016; per image as EfficientNet has it).
/// </summary>
internal sealed class StochasticDepth(double probability) : RandomLayer(nameof(StochasticDepth))
{
    public override Tensor forward(Tensor input)
    {
        if (!training || probability == 0)
        {
            return input.alias();
        }

        using DisposeScope scope = NewDisposeScope();
        float kept = (float)(1 / (1 - probability));
        float[] factors = [.. Enumerable.Range(0, (int)input.shape[0]).Select(_ => Random.NextDouble() < probability ? 0 : kept)];
        return (input * tensor(factors, [factors.Length, 1, 1, 1], device: input.device)).MoveToOuterDisposeScope();
    }
}
