using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Center loss (Wen et al. 2016; equation 6 of the Visual Inductive Priors Framework): 1/(2N) sum_i |x_i - c_y(i)|^2, which draws the embedding x_i of each
/// image to the center of its class. Centers begin at 0 and follow the means of their classes' embeddings. For a target that is a distribution t:
/// 1/(2N) sum_i sum_k t_ik |x_i - c_k|^2.
/// </summary>
/// <remarks>A row of the framework's Table 1.</remarks>
public sealed class CenterLoss : TrainingStrategy
{
    /// <inheritdoc/>
    public override string Key => "center-loss";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass;

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>0.0005. Read to the letter, the framework's text gives 1 here and 0.0005 to tree supervision, which is out of line with this loss's own paper.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Weight { get; init; } = 0.0005;

    /// <summary>How fast centers follow, above 0 and at most 1.</summary>
    /// <value>0.5, as in the loss's own paper.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double CenterRate { get; init; } = 0.5;

    /// <summary>Whether the sum over the batch is divided by its size N, as that of the criterion is.</summary>
    /// <value>true. Both papers print a sum; the loss's own has one for the criterion, too, the framework's a mean. A sum beside a mean outweighs it (docs/RESULTS.md).</value>
    public bool MeanOverBatch { get; init; } = true;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) =>
        new Run(this, context.AddModule("classes", new ClassCenters(context.ClassCount, context.Stages[^1].Channels)));

    /// <summary>For each image 1/2 sum_k t_k |x - c_k|^2, [N].</summary>
    internal static Tensor Distance(Tensor embedding, Tensor targets, Tensor centers)
    {
        // With m the mixture of the centers: |x - m|^2 + sum_k t_k |c_k|^2 - |m|^2. The last two, which are 0 for a hard label, have no gradient, and no difference of
        // large numbers comes near x.
        Tensor mixture = targets.matmul(centers);                                                   // [N,C]
        Tensor spread = targets.matmul(centers.Pow(2).sum(1)) - mixture.Pow(2).sum(1);              // [N]
        return (embedding - mixture).Pow(2).sum(1).Add(spread).Div(2);
    }

    private sealed class Run(CenterLoss settings, ClassCenters classes) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            // A copy, because the centers move before the backward pass.
            Tensor distances = Distance(pass.Embedding, pass.Batch.Targets, classes.Values.clone());
            ledger.Add("center-loss", settings.MeanOverBatch ? distances.mean() : distances.sum(), settings.Weight);
            classes.Update(pass.Embedding.detach(), pass.Batch.Targets, settings.CenterRate);
        }
    }
}

/// <summary>The running means of the classes' embeddings, [K,C], as a buffer: saved with a run, not trained by the optimizer.</summary>
internal sealed class ClassCenters : nn.Module
{
    private const string Name = "centers";

    public ClassCenters(int classes, int channels)
        : base(nameof(ClassCenters)) => register_buffer(Name, zeros([classes, channels]));

    /// <summary>The centers as they are; changed in place by <see cref="Update"/>.</summary>
    public Tensor Values => get_buffer(Name)!;

    /// <summary>Moves each center towards its class's embeddings (Wen et al. 2016, equation 4): c_k -= rate * sum_i t_ik (c_k - x_i) / (1 + sum_i t_ik).</summary>
    /// <param name="embedding">x, [N,C].</param>
    /// <param name="targets">t, [N,K].</param>
    /// <param name="rate">Between 0, where centers stay, and 1.</param>
    public void Update(Tensor embedding, Tensor targets, double rate)
    {
        using IDisposable noGrad = no_grad();
        Tensor counts = targets.sum(dim: 0).unsqueeze(1);                                                // [K,1]
        Tensor step = (counts * Values - targets.t().matmul(embedding)) / counts.Add(1);            // [K,C]
        Values.sub_(step.Mul(rate));
    }
}
