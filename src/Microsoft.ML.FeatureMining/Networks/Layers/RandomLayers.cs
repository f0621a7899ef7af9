using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// A layer that draws random numbers while training, from the Fit's own stream and never from the generator of the process: the same seed gives the same draws, and a resumed run goes on with them.
/// </summary>
public abstract class RandomLayer : nn.Module<Tensor, Tensor>
{
    /// <param name="name">The name of the module.</param>
    protected RandomLayer(string name)
        : base(name)
    {
    }

    /// <summary>The stream to draw from; a Fit sets its own before the first step.</summary>
    public RandomStream Random { get; private set; } = new(0, "network");

    /// <summary>Gives the stream to all such layers of a module, itself included.</summary>
    internal static void DrawFrom(nn.Module module, RandomStream random)
    {
        // TorchSharp's modules() leaves out the module itself.
        foreach (RandomLayer layer in module.modules().Prepend(module).OfType<RandomLayer>())
        {
            layer.Random = random;
        }
    }
}

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
