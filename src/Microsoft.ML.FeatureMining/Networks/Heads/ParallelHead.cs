using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Heads;

/// <summary>Some fully connected layers side by side, averaged: what Split-and-Share is compared with (Lee et al. 2021, table 4).</summary>
internal sealed class ParallelHead : Head
{
    private readonly ModuleList<Linear> fc;

    public ParallelHead(int features, int classes, int count)
        : base(nameof(ParallelHead))
    {
        fc = nn.ModuleList(Enumerable.Range(0, count).Select(_ => nn.Linear(features, classes)).ToArray());
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
}
