using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace PublicApi.Tests.Own;

/// <summary>Lion (Chen et al. 2023): w = w - rate * (sign(b1 m + (1 - b1) g) + decay * w); m = b2 m + (1 - b2) g.</summary>
internal sealed record Lion : Optimizer
{
    public override string Key => "lion";

    public double Beta1 { get; init; } = 0.9;

    public double Beta2 { get; init; } = 0.99;

    protected override OptimizerRun Start(IReadOnlyList<ParameterGroup> groups) => new Run(this, groups);

    private sealed class Run : OptimizerRun
    {
        private readonly Lion _settings;
        private readonly List<(Parameter Parameter, ParameterGroup Group, Tensor Momentum)> _entries;

        public Run(Lion settings, IReadOnlyList<ParameterGroup> groups)
            : base(groups)
        {
            _settings = settings;
            _entries = [.. Groups.SelectMany(group => group.Parameters.Select(parameter => (parameter, group, zeros_like(parameter))))];
        }

        protected override IEnumerable<(string Name, Tensor Value)> NamedState() => _entries.Select((entry, i) => ($"{i}.exp_avg", entry.Momentum));

        protected override void Update(double learningRate)
        {
            using IDisposable noGrad = no_grad();
            foreach ((Parameter parameter, ParameterGroup group, Tensor momentum) in _entries)
            {
                using DisposeScope scope = NewDisposeScope();
                Tensor gradient = parameter.grad!;
                Tensor step = (momentum * _settings.Beta1 + gradient * (1 - _settings.Beta1)).sign() + parameter * group.WeightDecay;
                parameter.sub_(step * (learningRate * group.LearningRateFactor));
                momentum.mul_(_settings.Beta2).add_(gradient, 1 - _settings.Beta2);
            }
        }
    }
}
