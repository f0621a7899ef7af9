using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>An optimizer that moves one parameter after the other and keeps tensors of the parameter's shape for each.</summary>
internal abstract class PerParameterRun : OptimizerRun
{
    private readonly string[] _names;
    private readonly List<(Parameter Parameter, ParameterGroup Group, Tensor[] State)> _entries;

    /// <param name="groups">The groups.</param>
    /// <param name="names">The tensors kept for a parameter, by PyTorch's names. They begin as zeros.</param>
    protected PerParameterRun(IReadOnlyList<ParameterGroup> groups, params string[] names)
        : base(groups)
    {
        _names = names;
        _entries = [.. from @group in groups
                       from parameter in @group.Parameters
                       select (parameter, @group, names.Select(_ => zeros_like(parameter).DetachFromDisposeScope()).ToArray())];
    }

    protected internal override IEnumerable<(string Name, Tensor Value)> NamedState() =>
        _entries.SelectMany((entry, index) => _names.Zip(entry.State, (name, value) => ($"{index}.{name}", value)));

    protected override void Update(double learningRate)
    {
        using IDisposable noGrad = no_grad();
        foreach ((Parameter parameter, ParameterGroup group, Tensor[] state) in _entries)
        {
            using DisposeScope scope = NewDisposeScope();
            Move(parameter, parameter.grad!, state, learningRate * group.LearningRateFactor, group.WeightDecay);
        }
    }

    /// <summary>Moves one parameter in place, within a dispose scope and without autograd.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">Its gradient, which must stay as it is.</param>
    /// <param name="state">The tensors kept for it, in the order of the names.</param>
    /// <param name="rate">The learning rate of its group.</param>
    /// <param name="decay">The weight decay of its group.</param>
    protected abstract void Move(Parameter parameter, Tensor gradient, Tensor[] state, double rate, double decay);

    /// <summary>The gradient with the L2 term of a weight decay.</summary>
    protected static Tensor Decayed(Tensor gradient, Parameter parameter, double decay) => decay > 0 ? gradient.Add(parameter, decay) : gradient;
}
