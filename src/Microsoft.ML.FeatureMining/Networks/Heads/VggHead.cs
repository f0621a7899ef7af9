using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// The head of VGG: adaptive average pooling to 7x7 and three fully connected layers (Simonyan and Zisserman 2015, Table 1). Names as in torchvision.
/// </summary>
public sealed record VggHead : Head
{
    /// <inheritdoc/>
    public override string Key => "vgg";

    /// <inheritdoc/>
    protected internal override bool PoolsGlobally => false;

    /// <inheritdoc/>
    protected internal override HeadModule Create(Backbone backbone, int classes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new VggHeadModule(backbone.StageChannels[^1], classes);
    }
}

/// <summary>
/// The head of VGG for whole images, and a second branch with adaptive average pooling to 4x4 for patches (Nevgi, "Hierarchical Feature Learning in Deep
/// Convolutional Networks", Figure 5). Patch training uses the second branch while it trains on patches; scoring uses the first.
/// </summary>
public sealed record VggPatchHead : Head
{
    /// <inheritdoc/>
    public override string Key => "vgg-patches";

    /// <summary>Units of the two hidden layers of each branch, 1 to 99,999.</summary>
    /// <value>4096, as in VGG.</value>
    [Range(1, 99_999)]
    public int HiddenUnits { get; init; } = VggClassifier.Hidden;

    /// <inheritdoc/>
    protected internal override bool PoolsGlobally => false;

    /// <inheritdoc/>
    protected internal override HeadModule Create(Backbone backbone, int classes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new VggPatchHeadModule(backbone.StageChannels[^1], classes, HiddenUnits);
    }
}

internal sealed class VggHeadModule : HeadModule
{
    public const int Side = 7;

    private readonly Sequential classifier;

    public VggHeadModule(int channels, int classes)
        : base(nameof(VggHead), features => VggClassifier.Grid(features, Side))
    {
        classifier = VggClassifier.Of(channels * Side * Side, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor features) => classifier.call(features);
}

/// <summary>Adaptive average pooling and the three fully connected layers of VGG, with torchvision's indices.</summary>
internal static class VggClassifier
{
    /// <summary>The number of units of each hidden layer in the paper.</summary>
    public const int Hidden = 4096;

    public static Sequential Of(int features, int classes, int hidden = Hidden) =>
        nn.Sequential(
            nn.Linear(features, hidden),
            nn.ReLU(),
            new StreamDropout(0.5),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            new StreamDropout(0.5),
            nn.Linear(hidden, classes)
        );

    /// <summary>Adaptive average pooling of features [N,C,h,w] to a grid, flattened to [N,C * side * side].</summary>
    public static Tensor Grid(Tensor features, int side)
    {
        using Tensor grid = nn.functional.adaptive_avg_pool2d(features, [side, side]);
        return grid.flatten(1);
    }
}

internal sealed class VggPatchHeadModule : HeadModule
{
    private const int PatchSide = 4;

    private readonly Sequential classifier;
    private readonly Sequential patch_classifier;

    public VggPatchHeadModule(int channels, int classes, int hidden)
        : base(nameof(VggPatchHead))
    {
        classifier = VggClassifier.Of(channels * VggHeadModule.Side * VggHeadModule.Side, classes, hidden);
        patch_classifier = VggClassifier.Of(channels * PatchSide * PatchSide, classes, hidden);
        RegisterComponents();
    }

    /// <summary>Whether the images are patches, so that the second branch is used.</summary>
    public bool OnPatches { get; set; }

    public override Tensor Embed(Tensor features) => VggClassifier.Grid(features, OnPatches ? PatchSide : VggHeadModule.Side);

    public override Tensor forward(Tensor features) => (OnPatches ? patch_classifier : classifier).call(features);
}
