using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.SearchSpace;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// The Split-and-Share Module (Lee et al. 2021, "Exploiting Features with Split-and-Share Module", section 3): n classifiers, of which classifier i uses the
/// first i * C / n channels. The output is the average of all logits.
/// </summary>
public sealed record SplitAndShareHead : Head
{
    /// <inheritdoc/>
    public override string Key => "ssm";

    /// <summary>The number of classifiers n, 2 to 99, and at most the number of channels C of the last stage.</summary>
    /// <value>4.</value>
    [Range(2, 99)]
    [SearchRange(2, 8, 4)]
    public int Splits { get; init; } = 4;

    /// <summary>Whether the criterion is applied to each classifier (Table 2, "SSM-individual") instead of to their average.</summary>
    /// <value>false.</value>
    [BooleanChoice(false)]
    public bool IndividualLosses { get; init; }

    /// <summary>Whether BatchNorm and ReLU come before all classifiers (Algorithm 1) instead of before all but the last (the text).</summary>
    /// <value>false.</value>
    public bool NormalizeAll { get; init; }

    /// <summary>
    /// Whether all parts have floor(C / n) channels, as in Algorithm 1, so that up to n - 1 channels are not used. Matters only if n does not divide C.
    /// </summary>
    /// <value>false: classifier i uses floor(i C / n) channels, the last one all.</value>
    [BooleanChoice(false)]
    public bool EqualParts { get; init; }

    /// <summary>The number of the only classifier to use for the output, 1 to <see cref="Splits"/>, to evaluate it separately (Table 2).</summary>
    /// <value>null: the average of all classifiers.</value>
    [Range(1, 99)]
    public int? Only { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int channels)
    {
        if (Splits > channels)
        {
            yield return $"Splits of ssm must be at most {channels}, the number of channels of the last stage of this backbone; it is {Splits}.";
        }

        if (Only > Splits)
        {
            yield return $"Only of ssm must be at most {Splits}, the number of classifiers (Splits); it is {Only}.";
        }
    }

    /// <inheritdoc/>
    protected internal override HeadModule Create(Backbone backbone, int classes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        return new SplitAndShareHeadModule(backbone.StageChannels[^1], classes, this);
    }
}

internal sealed class SplitAndShareHeadModule : HeadModule
{
    private readonly ModuleList<BatchNormLayer> norm;
    private readonly ModuleList<Linear> fc;
    private readonly int[] _channels;
    private readonly SplitAndShareHead _settings;

    /// <param name="features">The number of channels C of the embedding.</param>
    /// <param name="classes">K.</param>
    /// <param name="settings">The settings.</param>
    /// <exception cref="ArgumentException">The settings are not valid for this number of channels.</exception>
    public SplitAndShareHeadModule(int features, int classes, SplitAndShareHead settings)
        : base(nameof(SplitAndShareHead))
    {
        if (settings.Problems(features).FirstOrDefault() is { } problem)
        {
            throw new ArgumentException(problem);
        }

        _settings = settings;
        _channels =
        [
            .. Enumerable.Range(1, settings.Splits).Select(i => settings.EqualParts ? i * (features / settings.Splits) : i * features / settings.Splits),
        ];
        norm = nn.ModuleList(
            _channels.Take(settings.NormalizeAll ? settings.Splits : settings.Splits - 1).Select(channels => new BatchNormLayer(channels)).ToArray()
        );
        fc = nn.ModuleList(_channels.Select(channels => WeightLayers.Linear(channels, classes)).ToArray());
        RegisterComponents();
    }

    public override HeadOutput Classify(Tensor embedding)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_settings.Only is { } number)
        {
            Tensor alone = Classifier(number - 1, embedding).MoveToOuterDisposeScope();
            return new HeadOutput(alone, [alone]);
        }

        Tensor[] each = [.. Classifiers(embedding).Select(classifier => classifier.Logits)];
        Tensor average = stack(each).mean(new long[] { 0 }).MoveToOuterDisposeScope();
        return new HeadOutput(average, _settings.IndividualLosses ? [.. each.Select(logits => logits.MoveToOuterDisposeScope())] : [average]);
    }

    public override Tensor forward(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return Classify(features).Logits.MoveToOuterDisposeScope();
    }

    /// <summary>The logits [N,K] of each classifier, and the number of channels that it uses.</summary>
    internal IEnumerable<(Tensor Logits, int Channels)> Classifiers(Tensor embedding) =>
        _channels.Select((channels, i) => (Classifier(i, embedding), channels));

    public override OnnxValue Export(OnnxGraphBuilder graph, OnnxValue features)
    {
        OnnxValue embedding = graph.Flatten(graph.GlobalAveragePool(features));
        IEnumerable<int> used = _settings.Only is { } number ? [number - 1] : Enumerable.Range(0, fc.Count);
        return graph.Mean([.. used.Select(index => ExportClassifier(graph, index, embedding))]);
    }

    private OnnxValue ExportClassifier(OnnxGraphBuilder graph, int index, OnnxValue embedding)
    {
        OnnxValue part = graph.Slice(embedding, 1, 0, _channels[index]);
        return graph.Apply(index < norm.Count ? graph.Relu(graph.Apply(part, norm[index])) : part, fc[index]);
    }

    private Tensor Classifier(int index, Tensor embedding)
    {
        Tensor part = embedding.narrow(1, 0, _channels[index]);
        return fc[index].call(index < norm.Count ? norm[index].call(part).relu_() : part);
    }
}
