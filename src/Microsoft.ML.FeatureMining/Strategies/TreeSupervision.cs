using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Tree supervision loss (Wan et al. 2020; equation 7 of the Visual Inductive Priors Framework): cross entropy of the leaves of a class hierarchy.
/// The logit of a node is the mean of the logits of its leaves. <see cref="PathScore"/> combines the nodes on the path to a leaf.
/// </summary>
/// <remarks>Table 2 of the Visual Inductive Priors Framework.</remarks>
public sealed record TreeSupervision : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "tree-supervision";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass;

    /// <summary>
    /// The hierarchy, from <see cref="ClassHierarchy.Induce"/> (last layer of a trained network) or <see cref="ClassHierarchy.Read"/> (file).
    /// </summary>
    /// <value>null. Required; it must have the classes of the training set.</value>
    public ClassHierarchy? Hierarchy { get; init; }

    /// <summary>How the score of a leaf is computed from the nodes on its path.</summary>
    /// <value><see cref="PathScore.Probabilities"/>, as in the paper on tree supervision.</value>
    public PathScore PathScore { get; init; }

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (Hierarchy is null)
        {
            yield return "Hierarchy of tree-supervision is null. Create one with ClassHierarchy.Induce (from a trained classifier) or ClassHierarchy.Read "
                + "(from a file).";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) =>
        Hierarchy!.ClassCount == context.ClassCount
            ? new Run(this, context.AddModule("hierarchy", new HierarchyTables(Hierarchy)))
            : throw new ArgumentException(
                $"Hierarchy of tree-supervision has {Hierarchy.ClassCount} classes; the training set has {context.ClassCount}. Use a "
                    + $"hierarchy of the classes of the training set."
            );

    private sealed class Run(TreeSupervision settings, HierarchyTables hierarchy) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) =>
            ledger.Add(
                "tree-supervision",
                (pass.Batch.Targets * hierarchy.LeafLogProbabilities(pass.Logits, settings.PathScore)).sum(1).mean().neg(),
                settings.Weight
            );
    }
}

/// <summary>How tree supervision scores a leaf by the nodes on its path, without the root, which would add the same to each leaf.</summary>
public enum PathScore
{
    /// <summary>
    /// Each inner node has a softmax over its children, and the probability of a leaf is the product along its path (Wan et al. 2020, soft tree supervision).
    /// </summary>
    Probabilities,

    /// <summary>
    /// Equation 7 of the Visual Inductive Priors Framework, with a sum for each leaf: the score of a leaf is the sum of the inner products of the embedding
    /// with the weights of the nodes on its path, which is the sum of their logits, and one softmax goes over all leaves. As printed, the equation also sums
    /// over the leaves, which would leave one number for all classes.
    /// </summary>
    InnerProducts,
}

/// <summary>
/// A hierarchy as constant tensors on the device. M is the number of nodes without the root, P the number of parents, B the maximum number of children.
/// Buffers: below [M,K] (1 if a leaf is below a node), mean [M,K] (the same, rows divided by their sum), children [P,B] (node indices), missing [P,B] (true for
/// padding), parent [M].
/// </summary>
internal sealed class HierarchyTables : nn.Module
{
    public HierarchyTables(ClassHierarchy hierarchy)
        : base(nameof(HierarchyTables))
    {
        IReadOnlyList<HierarchyNode> nodes = hierarchy.Nodes;
        int classes = hierarchy.ClassCount;
        float[] below = new float[(nodes.Count - 1) * classes];
        for (int leaf = 1; leaf < nodes.Count; leaf++)
        {
            for (int node = nodes[leaf].Class >= 0 ? leaf : 0; node > 0; node = nodes[node].Parent)
            {
                below[(node - 1) * classes + nodes[leaf].Class] = 1;
            }
        }

        int[] parents = [.. Enumerable.Range(0, nodes.Count).Where(node => nodes[node].Class < 0)];
        Dictionary<int, long> number = parents.Select((node, i) => (node, i)).ToDictionary(entry => entry.node, entry => (long)entry.i);
        ILookup<int, int> children = Enumerable.Range(1, nodes.Count - 1).ToLookup(node => nodes[node].Parent);
        int widest = parents.Max(parent => children[parent].Count());
        long[] table =
        [
            .. parents.SelectMany(parent => children[parent].Select(child => child - 1L).Concat(Enumerable.Repeat(0L, widest - children[parent].Count()))),
        ];
        bool[] missing = [.. parents.SelectMany(parent => Enumerable.Range(0, widest).Select(i => i >= children[parent].Count()))];

        Tensor leaves = tensor(below, [nodes.Count - 1, classes]);
        register_buffer("below", leaves);
        register_buffer("mean", leaves / leaves.sum(1, keepdim: true));
        register_buffer("children", tensor(table, [parents.Length, widest]));
        register_buffer("missing", tensor(missing, [parents.Length, widest]));
        register_buffer("parent", tensor(Enumerable.Range(1, nodes.Count - 1).Select(node => number[nodes[node].Parent]).ToArray()));
    }

    /// <summary>
    /// From logits [N,K] to the log probabilities of the leaves [N,K]. The logit of a node is the mean of the logits of its leaves.
    /// </summary>
    public Tensor LeafLogProbabilities(Tensor logits, PathScore score = PathScore.Probabilities)
    {
        Tensor nodes = logits.mm(Table("mean").t()); // [N,M]
        if (score == PathScore.InnerProducts)
        {
            return nodes.mm(Table("below")).log_softmax(1);
        }

        Tensor children = Table("children");
        Tensor siblings = nodes.index_select(1, children.flatten()).view(-1, children.shape[0], children.shape[1]); // [N,P,B]
        Tensor totals = siblings.MaskedFill(Table("missing"), double.NegativeInfinity).logsumexp(2); // [N,P]
        return (nodes - totals.index_select(1, Table("parent"))).mm(Table("below")); // [N,K]
    }

    private Tensor Table(string name) => get_buffer(name)!;
}

/// <summary>How Feature Mining splits the features of a stage (Table 9 of the paper).</summary>
public enum Segmentation
{
    /// <summary>Inside and outside of one random box: the method of the paper.</summary>
    Block,

    /// <summary>Random single positions: "Dropout-FM".</summary>
    Points,

    /// <summary>Random whole channels: "SpatialDropout-FM".</summary>
    Channels,

    /// <summary>The insides of two independent random boxes: "non-complementary FM".</summary>
    NonComplementary,
}
