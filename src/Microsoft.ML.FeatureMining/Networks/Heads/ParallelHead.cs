using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>Several fully connected layers with averaged logits: the baseline of Split-and-Share (Lee et al. 2021, Table 4, "2FC" and "3FC").</summary>
public sealed record ParallelHead : Head
{
    /// <inheritdoc/>
    public override string Key => "parallel";

    /// <summary>The number of layers, 2 to 9.</summary>
    /// <value>2.</value>
    [Range(2, 9)]
    public int Layers { get; init; } = 2;

    /// <inheritdoc/>
    protected internal override HeadModule Create(Backbone backbone, int classes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new ParallelHeadModule(backbone.StageChannels[^1], classes, Layers);
    }
}

internal sealed class ParallelHeadModule : HeadModule
{
    private readonly ModuleList<Linear> fc;

    public ParallelHeadModule(int features, int classes, int count)
        : base(nameof(ParallelHead))
    {
        fc = nn.ModuleList(Enumerable.Range(0, count).Select(_ => WeightLayers.Linear(features, classes)).ToArray());
        RegisterComponents();
    }

    protected internal override Tensor? ClassWeights()
    {
        using DisposeScope scope = NewDisposeScope();
        return stack([.. fc.Select(layer => layer.weight!)]).mean(new long[] { 0 }).MoveToOuterDisposeScope();
    }

    public override Tensor forward(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return stack([.. fc.Select(layer => layer.call(features))]).mean(new long[] { 0 }).MoveToOuterDisposeScope();
    }

    public override OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features)
    {
        OnnxValue embedding = graph.Flatten(graph.GlobalAveragePool(features));
        return graph.Mean([.. fc.Select(layer => graph.Apply(embedding, layer))]);
    }
}
