using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
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

    public override OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features) => graph.Apply(VggClassifier.ExportGrid(graph, features, Side), classifier);
}

/// <summary>Adaptive average pooling and the three fully connected layers of VGG, with torchvision's indices.</summary>
internal static class VggClassifier
{
    /// <summary>The number of units of each hidden layer in the paper.</summary>
    public const int Hidden = 4096;

    public static Sequential Of(int features, int classes, int hidden = Hidden) =>
        nn.Sequential(
            WeightLayers.Linear(features, hidden),
            nn.ReLU(),
            new StreamDropout(0.5),
            WeightLayers.Linear(hidden, hidden),
            nn.ReLU(),
            new StreamDropout(0.5),
            WeightLayers.Linear(hidden, classes)
        );

    /// <summary>Adaptive average pooling of features [N,C,h,w] to a grid, flattened to [N,C * side * side].</summary>
    public static Tensor Grid(Tensor features, int side)
    {
        using Tensor grid = nn.functional.adaptive_avg_pool2d(features, [side, side]);
        return grid.flatten(1);
    }

    /// <summary><see cref="Grid"/> in an ONNX graph, which has no adaptive pooling: two matrix products, which fix the size of the features.</summary>
    public static OnnxValue ExportGrid(OnnxGraphBuilder graph, OnnxValue features, int side)
    {
        (int height, int width) = ((int)features.Shape![2], (int)features.Shape[3]);
        OnnxValue rows = height == side ? features : graph.Node("MatMul", [graph.Floats("rows", Means(height, side), side, height), features]);
        OnnxValue grid = width == side ? rows : graph.Node("MatMul", [rows, graph.Floats("columns", Means(width, side, transposed: true), width, side)]);
        return graph.Flatten(grid);
    }

    // [to,from], or transposed: output i averages the inputs from floor(i * from / to) to ceil((i + 1) * from / to).
    private static float[] Means(int from, int to, bool transposed = false)
    {
        float[] weights = new float[to * from];
        for (int i = 0; i < to; i++)
        {
            int start = i * from / to,
                end = (((i + 1) * from) + to - 1) / to;
            for (int j = start; j < end; j++)
            {
                weights[transposed ? (j * to) + i : (i * from) + j] = 1f / (end - start);
            }
        }

        return weights;
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

    public override OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features) =>
        graph.Apply(VggClassifier.ExportGrid(graph, features, VggHeadModule.Side), classifier);
}
