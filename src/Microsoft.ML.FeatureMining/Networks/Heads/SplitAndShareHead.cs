using Microsoft.ML.FeatureMining.Networks.Layers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>
/// The Split-and-Share Module (Lee et al. 2021, "Exploiting Features with Split-and-Share Module", section 3): classifier i of n sees the first i/n of the channels; the output is the average
/// of all.
/// </summary>
internal sealed class SplitAndShareHead : Head
{
    private readonly ModuleList<BatchNormLayer> norm;
    private readonly ModuleList<Linear> fc;
    private readonly int[] _channels;
    private readonly bool _individual;
    private readonly int? _only;

    /// <param name="features">Channels C of the embedding.</param>
    /// <param name="classes">K.</param>
    /// <param name="splits">n, at most C.</param>
    /// <param name="individual">Whether the criterion is applied to each classifier (table 2) instead of to their average.</param>
    /// <param name="normalizeAll">Whether BatchNorm and ReLU come before all classifiers (algorithm 1) instead of before all but the last (the text).</param>
    /// <param name="only">The one classifier, from 1, whose logits are the output instead of the average, to measure it by itself (table 2); null for the average.</param>
    public SplitAndShareHead(int features, int classes, int splits, bool individual, bool normalizeAll, int? only = null)
        : base(nameof(SplitAndShareHead))
    {
        _channels = [.. Enumerable.Range(1, splits).Select(i => i * features / splits)];
        _individual = individual;
        _only = only is null or >= 1 && !(only > splits) ? only - 1 : throw new ArgumentException($"There are {splits} classifiers; number {only} is none of them.");
        norm = nn.ModuleList(_channels.Take(normalizeAll ? splits : splits - 1).Select(channels => new BatchNormLayer(channels)).ToArray());
        fc = nn.ModuleList(_channels.Select(channels => nn.Linear(channels, classes)).ToArray());
        RegisterComponents();
    }

    public override HeadOutput Classify(Tensor embedding)
    {
        using DisposeScope scope = NewDisposeScope();
        if (_only is { } index)
        {
            Tensor alone = Classifier(index, embedding).MoveToOuterDisposeScope();
            return new HeadOutput(alone, [alone]);
        }

        Tensor[] each = [.. Classifiers(embedding).Select(classifier => classifier.Logits)];
        Tensor average = stack(each).mean(new long[] { 0 }).MoveToOuterDisposeScope();
        return new HeadOutput(average, _individual ? [.. each.Select(logits => logits.MoveToOuterDisposeScope())] : [average]);
    }

    public override Tensor forward(Tensor features)
    {
        using DisposeScope scope = NewDisposeScope();
        return Classify(features).Logits.MoveToOuterDisposeScope();
    }

    /// <summary>The logits [N,K] of each classifier, and how many of the first channels it sees.</summary>
    internal IEnumerable<(Tensor Logits, int Channels)> Classifiers(Tensor embedding) => _channels.Select((channels, i) => (Classifier(i, embedding), channels));

    private Tensor Classifier(int index, Tensor embedding)
    {
        Tensor part = embedding.narrow(1, 0, _channels[index]);
        return fc[index].call(index < norm.Count ? norm[index].call(part).relu_() : part);
    }
}
