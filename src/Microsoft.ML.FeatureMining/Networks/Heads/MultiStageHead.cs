using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// One fully connected layer on the features of the last stages: the last one's averages and maxima over all positions, and the maxima of the stages before it.
/// For fine-tuning where only the head is fitted: features of earlier stages as in Evci et al. 2022, "Head2Toe".
/// </summary>
public sealed record MultiStageHead : Head
{
    /// <inheritdoc/>
    public override string Key => "multi-stage";

    /// <summary>The number of stages, counted from the last one, 1 to 9; at most the number of the backbone's stages.</summary>
    /// <value>2.</value>
    [Range(1, 9)]
    public int Stages { get; init; } = 2;

    /// <summary>The dropout probability of the pooled features during training, at least 0 and below 1.</summary>
    /// <value>null: the default of the backbone's family, 0 for most.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    [SearchRange(0.0, 0.5, 0.2)]
    public double? Dropout { get; init; }

    internal override bool IsLinear => true;

    internal override bool PoolsLastStage => false;

    internal override IEnumerable<string> Problems(IReadOnlyList<int> stageChannels)
    {
        if (Stages > stageChannels.Count)
        {
            yield return $"Stages of multi-stage must be at most {stageChannels.Count}, the number of stages of this backbone; it is {Stages}.";
        }
    }

    /// <inheritdoc/>
    protected internal override HeadModule Create(Backbone backbone, int classes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new MultiStageHeadModule(backbone, classes, this);
    }
}

internal sealed class MultiStageHeadModule : HeadModule
{
    private readonly Linear fc;
    private readonly StreamDropout dropout;
    private readonly int _stages;

    /// <param name="backbone">The backbone before the head.</param>
    /// <param name="classes">K.</param>
    /// <param name="settings">The settings.</param>
    /// <exception cref="ArgumentException">The backbone has fewer stages.</exception>
    public MultiStageHeadModule(Backbone backbone, int classes, MultiStageHead settings)
        : base(nameof(MultiStageHead))
    {
        if (settings.Problems(backbone.StageChannels).FirstOrDefault() is { } problem)
        {
            throw new ArgumentException(problem);
        }

        _stages = settings.Stages;
        fc = WeightLayers.Linear(backbone.StageChannels.TakeLast(_stages).Sum() + backbone.StageChannels[^1], classes);
        dropout = new StreamDropout(settings.Dropout ?? backbone.ClassifierDropout);
        RegisterComponents();
    }

    public override int Stages => _stages;

    internal override Linear LinearClassifier => fc;

    /// <summary>The features of one stage are not enough.</summary>
    public override Tensor Embed(Tensor features) => throw new NotSupportedException("This head needs the features of several stages.");

    /// <summary>The averages of the last stage, then the maxima of each stage, first to last.</summary>
    public override Tensor Embed(IReadOnlyList<Tensor> stages)
    {
        using DisposeScope scope = NewDisposeScope();
        return cat([ImageNetwork.Pool(stages[^1]), .. stages.Select(features => features.amax(2, 3))], 1).MoveToOuterDisposeScope();
    }

    public override Tensor forward(Tensor embedding)
    {
        using DisposeScope scope = NewDisposeScope();
        return fc.call(dropout.call(embedding)).MoveToOuterDisposeScope();
    }

    public override OnnxValue Export(OnnxGraphBuilder graph, IReadOnlyList<OnnxValue> stages) =>
        graph.Apply(
            graph.Concat(
                1,
                [graph.Flatten(graph.GlobalAveragePool(stages[^1])), .. stages.Select(features => graph.Flatten(graph.Node("GlobalMaxPool", [features])))]
            ),
            fc
        );
}
