using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>An optimizer that updates each number of a parameter by itself, so that a group is one tensor, with state tensors of the same length.</summary>
internal abstract class ElementwiseRun : OptimizerRun
{
    private readonly List<(ParameterGroup Group, Tensor Weights, Tensor Gradients, Tensor[] State)> _entries = [];
    private readonly Tensor[] _state;
    private readonly (string Name, Tensor Value)[] _named;

    /// <param name="groups">The groups.</param>
    /// <param name="names">The names of the state tensors, as in PyTorch. They are initialized with zeros.</param>
    protected ElementwiseRun(IReadOnlyList<ParameterGroup> groups, params string[] names)
        : base(groups)
    {
        _state = [.. names.Select(_ => zeros_like(Flat.Weights).DetachFromDisposeScope())];
        int first = 0;
        foreach (ParameterGroup group in groups)
        {
            Tensor Part(Tensor flat) => Flat.Part(flat, first, group.Parameters.Count).DetachFromDisposeScope();
            _entries.Add((group, Part(Flat.Weights), Part(Flat.Gradients), [.. _state.Select(Part)]));
            first += group.Parameters.Count;
        }

        _named =
        [
            .. from index in Enumerable.Range(0, first)
            from state in names.Zip(_state)
            select ($"{index}.{state.First}", Flat.View(state.Second, index).DetachFromDisposeScope()),
        ];
    }

    public sealed override void Dispose()
    {
        foreach (Tensor part in _entries.SelectMany(entry => entry.State.Append(entry.Weights).Append(entry.Gradients)).Concat(_state))
        {
            part.Dispose();
        }

        base.Dispose();
    }

    protected internal sealed override IEnumerable<(string Name, Tensor Value)> NamedState() => _named;

    protected sealed override void Update(double learningRate)
    {
        using IDisposable noGrad = no_grad();
        foreach ((ParameterGroup group, Tensor weights, Tensor gradients, Tensor[] state) in _entries)
        {
            using DisposeScope scope = NewDisposeScope();
            UpdateGroup(weights, gradients, state, learningRate * group.LearningRateFactor, group.WeightDecay);
        }
    }

    /// <summary>Updates the weights of a group in place, within a dispose scope and without autograd. All tensors have one dimension.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="gradients">Their gradients, which must not be changed.</param>
    /// <param name="state">Their state tensors, in the order of the names.</param>
    /// <param name="rate">The learning rate of the group.</param>
    /// <param name="decay">The weight decay of the group.</param>
    protected abstract void UpdateGroup(Tensor weights, Tensor gradients, Tensor[] state, double rate, double decay);

    /// <summary>Returns the gradients plus the L2 term of the weight decay.</summary>
    protected static Tensor AddWeightDecay(Tensor gradients, Tensor weights, double decay) => decay > 0 ? gradients.Add(weights, decay) : gradients;
}
