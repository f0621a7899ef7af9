namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// RMSprop as TensorFlow has it, which EfficientNet's recipe needs (timm's <c>rmsproptf</c>): v = a v + (1 - a) g^2 from v = 1, epsilon inside the root, the rate inside the
/// momentum: b = m b + rate * g / sqrt(v + epsilon), w = w - b. The defaults are EfficientNet's (Tan and Le 2019, section 5.2).
/// </summary>
public sealed record RmsPropTfOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "rmsprop-tf";

    /// <summary>a, in [0, 1): how much of the mean square stays.</summary>
    /// <value>0.9.</value>
    public double Alpha { get; init; } = 0.9;

    /// <summary>m, in [0, 1).</summary>
    /// <value>0.9.</value>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Above 0; inside the square root.</summary>
    /// <value>1e-3.</value>
    public double Epsilon { get; init; } = 1e-3;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. OutsideUnit(nameof(Alpha), Alpha), .. OutsideUnit(nameof(Momentum), Momentum), .. NotPositive(nameof(Epsilon), Epsilon)];

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new RmsPropTfRun(this, groups);
}
