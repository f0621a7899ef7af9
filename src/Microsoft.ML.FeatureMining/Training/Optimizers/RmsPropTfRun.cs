using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary><see cref="RmsPropTfOptimizer"/> at work; TorchSharp has no such rule.</summary>
internal sealed class RmsPropTfRun : OptimizerRun
{
    private readonly RmsPropTfOptimizer _settings;
    private readonly List<(Parameter Parameter, ParameterGroup Group, Tensor MeanSquare, Tensor Momentum)> _entries;

    public RmsPropTfRun(RmsPropTfOptimizer settings, IReadOnlyList<ParameterGroup> groups)
        : base(groups)
    {
        _settings = settings;
        _entries = [.. from @group in Groups
                       from parameter in @group.Parameters
                       select (parameter, @group, ones_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope())];
    }

    protected internal override IEnumerable<(string Name, Tensor Value)> NamedState() =>
        _entries.SelectMany((entry, index) => new[] { ($"{index}.square_avg", entry.MeanSquare), ($"{index}.momentum_buffer", entry.Momentum) });

    protected override void Update(double learningRate)
    {
        using IDisposable noGrad = no_grad();
        foreach ((Parameter parameter, ParameterGroup group, Tensor meanSquare, Tensor momentum) in _entries)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor gradient = Gradients.Of(parameter);
            if (group.WeightDecay > 0)
            {
                gradient = gradient.add(parameter, group.WeightDecay);
            }

            meanSquare.mul_(_settings.Alpha).addcmul_(gradient, gradient, 1 - _settings.Alpha);
            momentum.mul_(_settings.Momentum).addcdiv_(gradient, (meanSquare + _settings.Epsilon).sqrt_(), learningRate * group.LearningRateFactor);
            parameter.sub_(momentum);
        }
    }
}
