using Microsoft.ML.FeatureMining.Native;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// Adam (Kingma and Ba 2015): m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon). A typical
/// learning rate is 1e-3.
/// </summary>
public sealed record AdamOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "adam";

    /// <summary>b1, in [0, 1).</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>b2, in [0, 1).</summary>
    /// <value>0.999.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the square root, above 0.</summary>
    /// <value>1e-8.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new AdamRun(groups, Beta1, Beta2, Epsilon, decoupled: false);
}

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): before Adam's step, w = w - rate * decay * w; the moments do not include the decay. Typical:
/// learning rate 1e-3, weight decay 0.01 to 0.05.
/// </summary>
public sealed record AdamWOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "adamw";

    /// <summary>b1 of <see cref="AdamOptimizer"/>, in [0, 1).</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Beta1 { get; init; } = 0.9;

    /// <summary>b2 of <see cref="AdamOptimizer"/>, in [0, 1).</summary>
    /// <value>0.999.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the square root, above 0.</summary>
    /// <value>1e-8.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new AdamRun(groups, Beta1, Beta2, Epsilon, decoupled: true);
}

/// <summary>The step of <see cref="AdamOptimizer"/> and <see cref="AdamWOptimizer"/>.</summary>
/// <param name="groups">The groups.</param>
/// <param name="beta1">b1.</param>
/// <param name="beta2">b2.</param>
/// <param name="epsilon">Added to the square root.</param>
/// <param name="decoupled">Whether the weight decay is not part of the moments, as in AdamW.</param>
internal sealed class AdamRun(IReadOnlyList<ParameterGroup> groups, double beta1, double beta2, double epsilon, bool decoupled)
    : ElementwiseRun(groups, "exp_avg", "exp_avg_sq")
{
    protected override void UpdateBlock(Tensor weights, Tensor gradients, Tensor[] state, double rate, double decay)
    {
        if (decoupled)
        {
            weights.Mul_(1 - rate * decay);
        }
        else
        {
            gradients = AddWeightDecay(gradients, weights, decay);
        }

        (Tensor mean, Tensor meanSquare, long step) = (state[0], state[1], Steps + 1);
        mean.Mul_(beta1).Add_(gradients, 1 - beta1);
        meanSquare.Mul_(beta2).Addcmul_(gradients, gradients, 1 - beta2);
        Tensor root = meanSquare.sqrt().Div(Math.Sqrt(1 - Math.Pow(beta2, step))).Add_(epsilon);
        weights.Addcdiv_(mean, root, -(rate / (1 - Math.Pow(beta1, step))));
    }
}
