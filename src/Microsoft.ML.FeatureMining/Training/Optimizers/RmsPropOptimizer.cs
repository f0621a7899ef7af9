using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// RMSprop as PyTorch has it: v = a v + (1 - a) g^2 from v = 0, b = m b + g / (sqrt(v) + epsilon), w = w - rate * b. <see cref="RmsPropTfOptimizer"/> is TensorFlow's.
/// </summary>
public sealed record RmsPropOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "rmsprop";

    /// <summary>a, in [0, 1): how much of the mean square stays.</summary>
    /// <value>0.99.</value>
    public double Alpha { get; init; } = 0.99;

    /// <summary>m, in [0, 1).</summary>
    /// <value>0.</value>
    public double Momentum { get; init; }

    /// <summary>Whether the running mean of the gradients, squared, is taken off v, which makes it their variance.</summary>
    /// <value>false.</value>
    public bool Centered { get; init; }

    /// <summary>Above 0; outside the square root.</summary>
    /// <value>1e-8.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. OutsideUnit(nameof(Alpha), Alpha), .. OutsideUnit(nameof(Momentum), Momentum), .. NotPositive(nameof(Epsilon), Epsilon)];

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups)
    {
        RMSProp rmsProp = optim.RMSProp(
            groups.Select(group => new RMSProp.ParamGroup(group.Parameters, new RMSProp.Options { weight_decay = group.WeightDecay })),
            alpha: Alpha, eps: Epsilon, momentum: Momentum, centered: Centered);
        return new TorchOptimizerRun<RMSProp.State>(rmsProp, groups, TensorsOf);
    }

    private IEnumerable<(string, Tensor)> TensorsOf(RMSProp.State state) =>
    [
        ("square_avg", state.square_avg),
        .. Momentum == 0 ? [] : new[] { ("momentum_buffer", state.momentum_buffer) },
        .. Centered ? new[] { ("grad_avg", state.grad_avg) } : [],
    ];
}
