namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// Adam with decoupled weight decay (Loshchilov and Hutter 2019): before Adam's step, w = w - rate * decay * w; the decay stays out of the moments. Usual: a rate of 1e-3,
/// a weight decay of 0.01 to 0.05.
/// </summary>
public sealed record AdamWOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "adamw";

    /// <summary>b1 of <see cref="AdamOptimizer"/>, in [0, 1).</summary>
    /// <value>0.9.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>b2 of <see cref="AdamOptimizer"/>, in [0, 1).</summary>
    /// <value>0.999.</value>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Above 0.</summary>
    /// <value>1e-8.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. OutsideUnit(nameof(Beta1), Beta1), .. OutsideUnit(nameof(Beta2), Beta2), .. NotPositive(nameof(Epsilon), Epsilon)];

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new AdamRun(groups, Beta1, Beta2, Epsilon, decoupled: true);
}
