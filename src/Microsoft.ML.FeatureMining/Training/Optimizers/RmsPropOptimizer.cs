using Microsoft.ML.FeatureMining.Native;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// RMSprop as in PyTorch: v = a v + (1 - a) g^2 from v = 0, b = m b + g / (sqrt(v) + epsilon), w = w - rate * b. For TensorFlow's variant, use
/// <see cref="RmsPropTfOptimizer"/>.
/// </summary>
public sealed record RmsPropOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "rmsprop";

    /// <summary>a, in [0, 1): the decay of the mean square.</summary>
    /// <value>0.99.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Alpha { get; init; } = 0.99;

    /// <summary>m, in [0, 1).</summary>
    /// <value>0.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Momentum { get; init; }

    /// <summary>Whether the squared running mean of the gradients is subtracted from v, which makes v their variance.</summary>
    /// <value>false.</value>
    public bool Centered { get; init; }

    /// <summary>Added outside the square root, above 0.</summary>
    /// <value>1e-8.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new Run(this, groups);

    private sealed class Run(RmsPropOptimizer settings, IReadOnlyList<ParameterGroup> groups)
        : ElementwiseRun(
            groups,
            ["square_avg", .. settings.Momentum > 0 ? ["momentum_buffer"] : Array.Empty<string>(), .. settings.Centered ? ["grad_avg"] : Array.Empty<string>()]
        )
    {
        protected override void UpdateBlock(Tensor weights, Tensor gradients, Tensor[] state, double rate, double decay)
        {
            gradients = AddWeightDecay(gradients, weights, decay);
            Tensor meanSquare = state[0].Mul_(settings.Alpha).Addcmul_(gradients, gradients, 1 - settings.Alpha);
            Tensor root = Variance().sqrt().Add_(settings.Epsilon);
            if (settings.Momentum > 0)
            {
                weights.Add_(state[1].Mul_(settings.Momentum).Addcdiv_(gradients, root, 1), -rate);
            }
            else
            {
                weights.Addcdiv_(gradients, root, -rate);
            }

            Tensor Variance()
            {
                if (!settings.Centered)
                {
                    return meanSquare;
                }

                Tensor mean = state[^1].Mul_(settings.Alpha).Add_(gradients, 1 - settings.Alpha);
                return meanSquare.Addcmul(mean, mean, -1);
            }
        }
    }
}

/// <summary>
/// RMSprop as in TensorFlow, required by EfficientNet's recipe (timm's <c>rmsproptf</c>): v = a v + (1 - a) g^2 from v = 1, epsilon inside the square root, the
/// learning rate inside the momentum: b = m b + rate * g / sqrt(v + epsilon), w = w - b. The defaults are EfficientNet's (Tan and Le 2019, section 5.2).
/// </summary>
public sealed record RmsPropTfOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "rmsprop-tf";

    /// <summary>a, in [0, 1): the decay of the mean square.</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Alpha { get; init; } = 0.9;

    /// <summary>m, in [0, 1).</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Added inside the square root, above 0.</summary>
    /// <value>1e-3.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double Epsilon { get; init; } = 1e-3;

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new RmsPropTfRun(this, groups);
}

/// <summary>The step of <see cref="RmsPropTfOptimizer"/>.</summary>
internal sealed class RmsPropTfRun : ElementwiseRun
{
    private const string MeanSquare = "square_avg";

    private readonly RmsPropTfOptimizer _settings;

    public RmsPropTfRun(RmsPropTfOptimizer settings, IReadOnlyList<ParameterGroup> groups)
        : base(groups, MeanSquare, "momentum_buffer")
    {
        _settings = settings;
        foreach ((string name, Tensor value) in NamedState())
        {
            if (name.EndsWith(MeanSquare, StringComparison.Ordinal))
            {
                value.Add_(1);
            }
        }
    }

    protected override void UpdateBlock(Tensor weights, Tensor gradients, Tensor[] state, double rate, double decay)
    {
        gradients = AddWeightDecay(gradients, weights, decay);
        Tensor meanSquare = state[0].Mul_(_settings.Alpha).Addcmul_(gradients, gradients, 1 - _settings.Alpha);
        Tensor momentum = state[1].Mul_(_settings.Momentum).Addcdiv_(gradients, meanSquare.Add(_settings.Epsilon).sqrt_(), rate);
        weights.sub_(momentum);
    }
}
