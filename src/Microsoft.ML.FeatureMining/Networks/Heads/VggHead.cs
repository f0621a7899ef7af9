using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>VGG's own head: a grid of 7x7 and three fully connected layers (Simonyan and Zisserman 2015, table 1); under torchvision's names.</summary>
internal sealed class VggHead : Head
{
    public const int Side = 7;

    private readonly Sequential classifier;

    public VggHead(int channels, int classes)
        : base(nameof(VggHead), features => VggClassifier.Grid(features, Side))
    {
        classifier = VggClassifier.Of(channels * Side * Side, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor features) => classifier.call(features);
}

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

/// <summary>
/// VGG's head for whole images, and a second one of the same kind over a grid of 4x4 for patches (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks", figure 5). One of them is
/// used at a time.
/// </summary>
internal sealed class PatchBranchHead : Head
{
    private const int PatchSide = 4;

    private readonly Sequential classifier;
    private readonly Sequential patch_classifier;

    public PatchBranchHead(int channels, int classes, int hidden)
        : base(nameof(PatchBranchHead))
    {
        classifier = VggClassifier.Of(channels * VggHead.Side * VggHead.Side, classes, hidden);
        patch_classifier = VggClassifier.Of(channels * PatchSide * PatchSide, classes, hidden);
        RegisterComponents();
    }

    /// <summary>Whether the images are patches, for which the second branch stands.</summary>
    public bool OnPatches { get; set; }

    public override Tensor Embed(Tensor features) => VggClassifier.Grid(features, OnPatches ? PatchSide : VggHead.Side);

    public override Tensor forward(Tensor features) => (OnPatches ? patch_classifier : classifier).call(features);
}
