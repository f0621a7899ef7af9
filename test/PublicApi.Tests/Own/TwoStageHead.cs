using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>A head with a fully connected layer on the averages of the last two stages.</summary>
internal sealed record TwoStageHead : Head
{
    public override string Key => "two-stage";

    protected override HeadModule Create(Backbone backbone, int classes) =>
        new TwoStageModule(backbone.StageChannels[^2] + backbone.StageChannels[^1], classes);
}

internal sealed class TwoStageModule : HeadModule
{
    private readonly Linear fc;

    public TwoStageModule(int channels, int classes)
        : base(nameof(TwoStageModule))
    {
        fc = nn.Linear(channels, classes);
        RegisterComponents();
    }

    public override int Stages => 2;

    public override Tensor Embed(IReadOnlyList<Tensor> stages)
    {
        using DisposeScope scope = NewDisposeScope();
        return cat([.. stages.Select(features => features.mean([2, 3]))], 1).MoveToOuterDisposeScope();
    }

    public override Tensor forward(Tensor embedding) => fc.call(embedding);

    public override OnnxValue Export(OnnxGraphBuilder graph, IReadOnlyList<OnnxValue> stages) =>
        graph.Apply(graph.Concat(1, [.. stages.Select(features => graph.Flatten(graph.GlobalAveragePool(features)))]), fc);
}
