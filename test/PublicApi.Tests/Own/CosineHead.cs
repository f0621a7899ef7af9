using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>A head with logits that are scaled cosine similarities of the embedding and one vector per class.</summary>
internal sealed record CosineHead : Head
{
    public override string Key => "cosine";

    /// <summary>The factor on the cosine similarities.</summary>
    [Range(0.0, 100.0, MinimumIsExclusive = true)]
    public double Scale { get; init; } = 10;

    protected override HeadModule Create(Backbone backbone, int classes) => new CosineModule(backbone.StageChannels[^1], classes, Scale);
}

internal sealed class CosineModule : HeadModule
{
    private readonly Linear prototypes;
    private readonly double _scale;

    public CosineModule(int channels, int classes, double scale)
        : base(nameof(CosineModule))
    {
        _scale = scale;
        prototypes = nn.Linear(channels, classes, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor embedding)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor directions = nn.functional.normalize(embedding, p: 2, dim: 1);
        return (directions.matmul(nn.functional.normalize(prototypes.weight!, p: 2, dim: 1).t()) * _scale).MoveToOuterDisposeScope();
    }

    public override OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features)
    {
        using DisposeScope scope = NewDisposeScope();
        OnnxValue embedding = graph.Flatten(graph.GlobalAveragePool(features));
        OnnxValue directions = graph.Node("LpNormalization", [embedding], OnnxAttribute.Int("axis", 1), OnnxAttribute.Int("p", 2));
        OnnxValue classes = graph.Initializer(nn.functional.normalize(prototypes.weight!, p: 2, dim: 1).t());
        return graph.Mul(graph.Node("MatMul", [directions, classes]), graph.Constant((float)_scale));
    }

    protected override Tensor? ClassWeights() => prototypes.weight;
}
