using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// A layer that uses random numbers during training. They come from the random stream of the Fit, not from the global generator of the process, so that runs
/// are reproducible and can be resumed.
/// </summary>
public abstract class RandomLayer : nn.Module<Tensor, Tensor>
{
    /// <param name="name">The name of the module.</param>
    protected RandomLayer(string name)
        : base(name) { }

    /// <summary>The random stream. Fit sets it before the first step.</summary>
    public RandomStream Random { get; private set; } = new(0, "network");

    /// <summary>Sets the random stream of all random layers of a module, including the module itself.</summary>
    internal static void SetStream(nn.Module module, RandomStream random)
    {
        // TorchSharp's modules() does not include the module itself.
        foreach (RandomLayer layer in module.modules().Prepend(module).OfType<RandomLayer>())
        {
            layer.Random = random;
        }
    }
}

/// <summary>
/// Stochastic depth (Huang et al. 2016): during training, sets the output of a residual branch to 0 with probability p, per image as in EfficientNet, and
/// multiplies the others by 1 / (1 - p).
/// </summary>
internal sealed class StochasticDepth(double probability) : RandomLayer(nameof(StochasticDepth)), IOnnxModule
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
        return (input * factors.Upload(input.device, factors.Length, 1, 1, 1).to(input.dtype)).MoveToOuterDisposeScope();
    }

    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(input);
        return input;
    }
}

/// <summary>
/// Dropout (Srivastava et al. 2014): during training, sets each value to 0 with probability p and multiplies the others by 1 / (1 - p). Like <c>nn.Dropout</c>,
/// but it uses the random stream of the Fit.
/// </summary>
public sealed class StreamDropout : RandomLayer, IOnnxModule
{
    private readonly double _probability;

    /// <param name="probability">The probability p, in [0, 1).</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not in [0, 1).</exception>
    public StreamDropout(double probability)
        : base(nameof(StreamDropout)) =>
        _probability = probability is >= 0 and < 1
            ? probability
            : throw new ArgumentOutOfRangeException(nameof(probability), probability, "The dropout probability must be at least 0 and below 1.");

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (!training || _probability == 0)
        {
            return input.alias();
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor numbers = DeviceCopy.Draw(
            input.shape,
            ScalarType.Float32,
            input.device,
            Random.NextSeed(),
            (drawn, generator) => drawn.uniform_(0, 1, generator)
        );
        Tensor kept = numbers.Ge(_probability);
        return (input * kept.to(input.dtype).Mul_(1 / (1 - _probability))).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(input);
        return input;
    }
}
