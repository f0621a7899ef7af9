using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.SearchSpace;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>Global pooling, dropout, and one fully connected layer with the name that it has in PyTorch's model of the backbone's family.</summary>
public sealed record LinearHead : Head
{
    /// <inheritdoc/>
    public override string Key => "linear";

    /// <summary>
    /// Whether to use the mean of global average pooling and global max pooling ("dual pooling", Sun et al. 2020, section 4.3) instead of average pooling.
    /// </summary>
    /// <value>false.</value>
    [BooleanChoice(false)]
    public bool DualPool { get; init; }

    /// <summary>The dropout probability of the pooled features during training, at least 0 and below 1.</summary>
    /// <value>null: the default of the backbone's family, 0 for most.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    [SearchRange(0.0, 0.5, 0.2)]
    public double? Dropout { get; init; }

    internal override bool IsLinear => true;

    /// <inheritdoc/>
    protected internal override HeadModule Create(Backbone backbone, int classes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new LinearHeadModule(
            backbone.StageChannels[^1],
            classes,
            backbone.ClassifierName,
            Dropout ?? backbone.ClassifierDropout,
            DualPool ? Networks.Heads.DualPool.Of : ImageNetwork.Pool
        );
    }
}

internal sealed class LinearHeadModule : HeadModule
{
    // Delegates, because a field with a module type would be registered under a second name.
    private readonly Func<Linear> _classifier;
    private readonly bool _averages;
    private readonly Func<Tensor, Tensor> _drop;

    /// <param name="features">The number of channels C of the embedding.</param>
    /// <param name="classes">K.</param>
    /// <param name="name">Dots separate the names of nested modules, as in <c>classifier.1</c>.</param>
    /// <param name="dropout">The dropout probability.</param>
    /// <param name="pool">Computes the embedding from the features.</param>
    public LinearHeadModule(int features, int classes, string name, double dropout, Func<Tensor, Tensor> pool)
        : base(nameof(LinearHead), pool)
    {
        Linear linear = WeightLayers.Linear(features, classes);
        (_classifier, _averages) = (() => linear, pool == ImageNetwork.Pool);
        string[] parts = name.Split('.');
        register_module(
            parts[0],
            parts.Skip(1).Reverse().Aggregate((nn.Module)linear, (inner, part) => nn.Sequential((part, (nn.Module<Tensor, Tensor>)inner)))
        );
        // Not inside the classifier, because an additional module would shift torchvision's indices.
        StreamDropout drop = new(dropout);
        _drop = drop.call;
        register_module("dropout", drop);
    }

    internal override Linear LinearClassifier => _classifier();

    protected internal override Tensor? ClassWeights() => _averages ? LinearClassifier.weight : null;

    public override Tensor forward(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return LinearClassifier.call(_drop(features)).MoveToOuterDisposeScope();
    }

    public override OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features) =>
        graph.Apply(graph.Flatten(_averages ? graph.GlobalAveragePool(features) : DualPool.Export(graph, features)), LinearClassifier);
}

/// <summary>"Dual pooling": the mean of global average pooling and global max pooling (Sun et al. 2020, section 4.3).</summary>
internal static class DualPool
{
    public static Tensor Of(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return ImageNetwork.Pool(features).Add(features.amax(2, 3)).Mul(0.5).MoveToOuterDisposeScope();
    }

    /// <summary>The same in an ONNX graph, [N,C,1,1].</summary>
    public static OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features) =>
        graph.Mean(graph.GlobalAveragePool(features), graph.Node("GlobalMaxPool", [features]));
}
