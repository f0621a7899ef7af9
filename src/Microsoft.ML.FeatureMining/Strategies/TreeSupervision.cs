using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Tree supervision loss (Wan et al. 2020; equation 7 of the Visual Inductive Priors Framework): the cross entropy of the leaves of a hierarchy of classes. At
/// each node a softmax over its children, whose logits are the means of those of the leaves below; a leaf's probability is the product along its path.
/// </summary>
/// <remarks>For the framework's Table 2.</remarks>
public sealed class TreeSupervision : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "tree-supervision";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass;

    /// <summary>The hierarchy: <see cref="ClassHierarchy.Induce"/> of a trained network's last layer, or <see cref="ClassHierarchy.Read"/> from a file.</summary>
    /// <value>None; there must be one, of as many classes as the training set has.</value>
    public ClassHierarchy? Hierarchy { get; init; }

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>1.</value>
    public double Weight { get; init; } = 1;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems(int stageCount)
    {
        if (Hierarchy is null)
        {
            yield return "Tree supervision needs a Hierarchy of the classes: ClassHierarchy.Induce finds one in a trained classifier, ClassHierarchy.Read reads one from a file.";
        }

        if (!(Weight > 0 && double.IsFinite(Weight)))
        {
            yield return $"Weight of tree supervision is above 0; it is {Weight}.";
        }
    }

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) => Hierarchy!.ClassCount == context.ClassCount
        ? new Run(Weight, context.AddModule("hierarchy", new HierarchyTables(Hierarchy)))
        : throw new ArgumentException($"The hierarchy of tree supervision has {Hierarchy.ClassCount} classes; the training set has {context.ClassCount}.");

    private sealed class Run(double weight, HierarchyTables hierarchy) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) =>
            ledger.Add("tree-supervision", (pass.Batch.Targets * hierarchy.LeafLogProbabilities(pass.Logits)).sum(1).mean().neg(), weight);
    }
}
