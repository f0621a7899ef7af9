using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// Stochastic gradient descent with momentum as PyTorch has it: b = m b + g, w = w - rate * b; with Nesterov's, w = w - rate * (g + m b).
/// </summary>
public sealed record SgdOptimizer : Optimizer
{
    /// <inheritdoc/>
    public override string Key => "sgd";

    /// <summary>m, in [0, 1).</summary>
    /// <value>0.9.</value>
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether the momentum is Nesterov's; it needs one above 0.</summary>
    /// <value>true.</value>
    public bool Nesterov { get; init; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() => [.. OutsideUnit(nameof(Momentum), Momentum), .. Nesterov && Momentum == 0 ? ["Nesterov needs a Momentum above 0."] : Array.Empty<string>()];

    /// <inheritdoc/>
    protected internal override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups)
    {
        // Each step sets the rate.
        SGD sgd = optim.SGD(
            groups.Select(group => new SGD.ParamGroup(group.Parameters, new SGD.Options { weight_decay = group.WeightDecay })), learningRate: 0, Momentum, nesterov: Nesterov);
        if (Momentum == 0)
        {
            return new TorchOptimizerRun<SGD.State>(sgd, groups, _ => []);
        }

        // TorchSharp makes the buffers of the first gradients; those of zeros come to the same and are there from the start.
        foreach ((OptimizerState state, Parameter parameter) in sgd.state_dict().State.Zip(sgd.parameters()))
        {
            ((SGD.State)state).momentum_buffer = zeros_like(parameter).DetachFromDisposeScope();
        }

        return new TorchOptimizerRun<SGD.State>(sgd, groups, state => [("momentum_buffer", state.momentum_buffer!)]);
    }
}
