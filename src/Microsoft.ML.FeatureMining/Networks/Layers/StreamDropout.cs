using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Dropout (Srivastava et al. 2014): while training, sets each value to zero with a probability p and multiplies the others by 1 / (1 - p). As <c>nn.Dropout</c>, but it draws from the Fit's own stream.
/// </summary>
public sealed class StreamDropout : RandomLayer
{
    private readonly double _probability;

    /// <param name="probability">p, in [0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not in [0, 1).</exception>
    public StreamDropout(double probability)
        : base(nameof(StreamDropout)) => _probability = probability is >= 0 and < 1
        ? probability
        : throw new ArgumentOutOfRangeException(nameof(probability), probability, "The probability of dropout lies in [0, 1).");

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!training || _probability == 0)
        {
            return input.alias();
        }

        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new((ulong)Random.NextSeed(), input.device);
        Tensor kept = rand(input.shape, ScalarType.Float32, input.device, generator: generator).Ge(_probability);
        return (input * kept.to(input.dtype).Mul_(1 / (1 - _probability))).MoveToOuterDisposeScope();
    }
}
