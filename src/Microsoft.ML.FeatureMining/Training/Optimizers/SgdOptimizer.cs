using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.SearchSpace;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent with momentum, as in PyTorch: b = m b + g, w = w - rate * b; with Nesterov momentum, w = w - rate * (g + m b).
/// </summary>
public sealed record SgdOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "sgd";

    /// <summary>m, in [0, 1).</summary>
    /// <value>0.9.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    [SearchRange(0.8, 0.99, 0.9)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether to use Nesterov momentum; requires a Momentum above 0.</summary>
    /// <value>true.</value>
    [BooleanChoice(true)]
    public bool Nesterov { get; init; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() =>
        Nesterov && Momentum == 0 ? ["Nesterov of sgd requires a Momentum above 0. Set Momentum, or set Nesterov to false."] : [];

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new Run(this, groups);

    private sealed class Run(SgdOptimizer settings, IReadOnlyList<ParameterGroup> groups)
        : ElementwiseRun(groups, settings.Momentum > 0 ? ["momentum_buffer"] : [])
    {
        protected override void UpdateBlock(Tensor weights, Tensor gradients, Tensor[] state, double rate, double decay)
        {
            Tensor step = AddWeightDecay(gradients, weights, decay);
            if (settings.Momentum > 0)
            {
                Tensor buffer = state[0].Mul_(settings.Momentum).Add_(step);
                step = settings.Nesterov ? step.Add(buffer, settings.Momentum) : buffer;
            }

            weights.Add_(step, -rate);
        }
    }
}
