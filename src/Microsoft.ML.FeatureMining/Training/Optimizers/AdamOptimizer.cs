namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// Adam (Kingma and Ba 2015): m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, w = w - rate * (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon). Its usual rate is 1e-3.
/// </summary>
public sealed record AdamOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "adam";

    /// <summary>b1, in [0, 1).</summary>
    /// <value>0.9.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>b2, in [0, 1).</summary>
    /// <value>0.999.</value>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Above 0.</summary>
    /// <value>1e-8.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. OutsideUnit(nameof(Beta1), Beta1), .. OutsideUnit(nameof(Beta2), Beta2), .. NotPositive(nameof(Epsilon), Epsilon)];

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new AdamRun(groups, Beta1, Beta2, Epsilon, decoupled: false);
}
