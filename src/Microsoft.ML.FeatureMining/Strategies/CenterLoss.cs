using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>
/// Center loss (Wen et al. 2016; equation 6 of the Visual Inductive Priors Framework): 1/(2N) sum_i |x_i - c_y(i)|^2, which pulls the embedding x_i of
/// each image toward the center of its class. For soft targets t: 1/(2N) sum_i sum_k t_ik |x_i - c_k|^2.
/// </summary>
/// <remarks>One row of Table 1 of the Visual Inductive Priors Framework.</remarks>
public sealed record CenterLoss : TrainingStrategy
{
    private const double SmallestSquare = 1e-16;

    /// <inheritdoc/>
    public override string Key => "center-loss";

    /// <inheritdoc/>
    protected internal override StrategyTraits Traits => StrategyTraits.NeedsOneClass | StrategyTraits.NeedsPooledEmbedding;

    /// <summary>The weight of the term, above 0.</summary>
    /// <value>0.0005. Taken literally, the text of the framework gives 1 here and 0.0005 to tree supervision, which contradicts the center loss paper.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Weight { get; init; } = 0.0005;

    /// <summary>How the class centers are computed.</summary>
    /// <value><see cref="CenterSource.Moving"/>, as in the center loss paper. With more classes than images in a batch, the loss of
    /// <see cref="CenterSource.Batch"/> is almost always 0.</value>
    public CenterSource Centers { get; init; }

    /// <summary>Whether embeddings and centers are divided by their L2 norms, as in lorenzobrigato/gem, an independent implementation of the
    /// framework.</summary>
    /// <value>false. gem's weight of 0.5 is a <see cref="Weight"/> of 1 here, because equation 6 has a factor of 1/2.</value>
    public bool Normalize { get; init; }

    /// <summary>The update rate of moving centers, above 0 and at most 1.</summary>
    /// <value>0.5, as in the center loss paper.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double CenterRate { get; init; } = 0.5;

    /// <summary>Whether the term is the mean over the batch, as the criterion is, instead of the sum.</summary>
    /// <value>
    /// true. Both papers print a sum. The center loss paper uses a sum for the criterion too; the framework uses a mean, which a sum would outweigh
    /// (docs/results-visual-inductive-priors.md).
    /// </value>
    public bool MeanOverBatch { get; init; } = true;

    /// <inheritdoc/>
    protected internal override StrategyRun Start(StrategyContext context) =>
        new Run(this, context.AddModule("classes", new ClassCenters(context.ClassCount, context.Stages[^1].Channels)));

    /// <summary>1/2 sum_k t_k |x - c_k|^2 of each image, [N].</summary>
    internal static Tensor Distance(Tensor embedding, Tensor targets, Tensor centers)
    {
        // Computed as |x - m|^2 + sum_k t_k |c_k|^2 - |m|^2 with m = sum_k t_k c_k. The last two terms have no gradient and cancel for a hard label, so x is
        // not part of a difference of large numbers.
        Tensor mixture = targets.mm(centers); // [N,C]
        Tensor spread = targets.mv(centers.Pow(2).sum(1)) - mixture.Pow(2).sum(1); // [N]
        return (embedding - mixture).Pow(2).sum(1).Add(spread).Div(2);
    }

    /// <summary>Each row divided by its L2 norm; rows of zeros stay.</summary>
    internal static Tensor Unit(Tensor rows) => rows * rows.Pow(2).sum(1, keepdim: true).ClampMin(SmallestSquare).rsqrt();

    private sealed class Run(CenterLoss settings, ClassCenters classes) : StrategyRun
    {
        public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
        {
            Tensor embedding = settings.Normalize ? Unit(pass.Embedding) : pass.Embedding;
            // A copy, because Update changes the centers before the backward pass.
            Tensor centers = settings.Centers == CenterSource.Batch ? ClassCenters.Of(embedding.detach(), pass.Batch.Targets) : classes.Values.clone();
            centers = settings.Normalize ? Unit(centers) : centers;
            Tensor distances = Distance(embedding, pass.Batch.Targets, centers);
            ledger.Add("center-loss", settings.MeanOverBatch ? distances.mean() : distances.sum(), settings.Weight);
            classes.Update(embedding.detach(), pass.Batch.Targets, settings.CenterRate);
        }
    }
}

/// <summary>How center loss computes the center of a class.</summary>
public enum CenterSource
{
    /// <summary>Centers start at 0 and move toward the embeddings of their classes in each step (Wen et al. 2016, equation 4).</summary>
    Moving,

    /// <summary>
    /// The mean embedding of the images of the class in the batch, as the text of the Visual Inductive Priors Framework says ("in each iteration"). The loss of
    /// an image that is alone in its class is 0.
    /// </summary>
    Batch,
}

/// <summary>The running mean embeddings of the classes, [K,C], as a buffer: saved in checkpoints, not trained by the optimizer.</summary>
internal sealed class ClassCenters : nn.Module
{
    private const string Name = "centers";
    private const double SmallestCount = 1e-12;

    public ClassCenters(int classes, int channels)
        : base(nameof(ClassCenters)) => register_buffer(Name, zeros([classes, channels]));

    /// <summary>The current centers. <see cref="Update"/> changes the tensor in place.</summary>
    public Tensor Values => get_buffer(Name)!;

    /// <summary>The mean embedding of each class in a batch, [K,C]; 0 for a class without images. It has no gradient, and a gradient would be 0
    /// anyway.</summary>
    /// <param name="embedding">x, [N,C].</param>
    /// <param name="targets">t, [N,K].</param>
    public static Tensor Of(Tensor embedding, Tensor targets) => targets.t().mm(embedding) / targets.sum(dim: 0).unsqueeze(1).ClampMin(SmallestCount);

    /// <summary>
    /// Moves each center toward the embeddings of its class (Wen et al. 2016, equation 4): c_k -= rate * sum_i t_ik (c_k - x_i) / (1 + sum_i t_ik).
    /// </summary>
    /// <param name="embedding">x, [N,C].</param>
    /// <param name="targets">t, [N,K].</param>
    /// <param name="rate">In [0, 1]; 0 keeps the centers unchanged.</param>
    public void Update(Tensor embedding, Tensor targets, double rate)
    {
        using IDisposable noGrad = no_grad();
        Tensor counts = targets.sum(dim: 0).unsqueeze(1); // [K,1]
        Tensor step = (counts * Values - targets.t().mm(embedding)) / counts.Add(1); // [K,C]
        Values.sub_(step.Mul(rate));
    }
}
