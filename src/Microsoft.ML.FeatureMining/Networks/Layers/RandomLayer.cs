using Microsoft.ML.FeatureMining.Data;
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
