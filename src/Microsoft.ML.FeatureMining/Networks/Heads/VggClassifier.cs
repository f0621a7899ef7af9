using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>VGG's three fully connected layers over a grid of averaged features, numbered as torchvision numbers them.</summary>
internal static class VggClassifier
{
    /// <summary>Nodes of each hidden layer in the paper.</summary>
    public const int Hidden = 4096;

    public static Sequential Of(int features, int classes, int hidden = Hidden) => nn.Sequential(
        nn.Linear(features, hidden), nn.ReLU(), new StreamDropout(0.5),
        nn.Linear(hidden, hidden), nn.ReLU(), new StreamDropout(0.5),
        nn.Linear(hidden, classes));

    /// <summary>Features [N,C,h,w] averaged to a grid of <paramref name="side"/> by <paramref name="side"/>, [N,C * side * side].</summary>
    public static Tensor Grid(Tensor features, int side)
    {
        using Tensor grid = nn.functional.adaptive_avg_pool2d(features, [side, side]);
        return grid.flatten(1);
    }
}
