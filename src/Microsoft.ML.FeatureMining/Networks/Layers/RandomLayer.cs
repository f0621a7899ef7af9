using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// A layer that draws random numbers while training. All draw from the stream that <see cref="ImageNetwork.DrawFrom"/> gave the network, never from the
/// process-wide generator.
/// </summary>
internal abstract class RandomLayer(string name) : nn.Module<Tensor, Tensor>(name)
{
    public RandomStream Random { get; set; } = new(0, "network");
}
