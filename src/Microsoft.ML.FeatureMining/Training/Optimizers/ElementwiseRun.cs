using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// An optimizer that updates each number of a parameter by itself, so that a group of parameters is one tensor, with state tensors of the same length. On a
/// CPU it is cut into blocks whose weights, gradients and state fit into the cache of a core, whatever the sizes of the layers; each operation of an update
/// would read them from memory otherwise.
/// </summary>
internal abstract class ElementwiseRun : OptimizerRun
{
    // 256 KiB of float32.
    private const long BlockLength = 1 << 16;

    private readonly List<(ParameterGroup Group, Tensor Weights, Tensor Gradients, Tensor[] State)> _blocks = [];
    private readonly Tensor[] _state;
    private readonly (string Name, Tensor Value)[] _named;

    /// <param name="groups">The groups.</param>
    /// <param name="names">The names of the state tensors, as in PyTorch. They are initialized with zeros.</param>
    protected ElementwiseRun(IReadOnlyList<ParameterGroup> groups, params string[] names)
        : base(groups)
    {
        _state = [.. names.Select(_ => zeros_like(Flat.Weights).DetachFromDisposeScope())];
        long block = Flat.Weights.device_type == DeviceType.CPU ? BlockLength : long.MaxValue;
        long start = 0;
        int parameters = 0;
        foreach (ParameterGroup group in groups)
        {
            parameters += group.Parameters.Count;
            long end = Flat.Start(parameters);
            for (; start < end; start += Math.Min(block, end - start))
            {
                Tensor Part(Tensor flat) => flat.narrow(0, start, Math.Min(block, end - start)).DetachFromDisposeScope();
                _blocks.Add((group, Part(Flat.Weights), Part(Flat.Gradients), [.. _state.Select(Part)]));
            }
        }

        _named =
        [
            .. from index in Enumerable.Range(0, Flat.Parameters.Count)
            from state in names.Zip(_state)
            select ($"{index}.{state.First}", Flat.View(state.Second, index).DetachFromDisposeScope()),
        ];
    }

    public sealed override void Dispose()
    {
        foreach (Tensor part in _blocks.SelectMany(block => block.State.Append(block.Weights).Append(block.Gradients)).Concat(_state))
        {
            part.Dispose();
        }

        base.Dispose();
    }

    protected internal sealed override IEnumerable<(string Name, Tensor Value)> NamedState() => _named;

    protected sealed override void Update(double learningRate)
    {
        using IDisposable noGrad = no_grad();
        foreach ((ParameterGroup group, Tensor weights, Tensor gradients, Tensor[] state) in _blocks)
        {
            using DisposeScope scope = NewDisposeScope();
            UpdateBlock(weights, gradients, state, learningRate * group.LearningRateFactor, group.WeightDecay);
        }
    }

    /// <summary>Updates a block of weights of a group in place, within a dispose scope and without autograd. All tensors have one dimension.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="gradients">Their gradients, which must not be changed.</param>
    /// <param name="state">Their state tensors, in the order of the names.</param>
    /// <param name="rate">The learning rate of the group.</param>
    /// <param name="decay">The weight decay of the group.</param>
    protected abstract void UpdateBlock(Tensor weights, Tensor gradients, Tensor[] state, double rate, double decay);

    /// <summary>Returns the gradients plus the L2 term of the weight decay.</summary>
    protected static Tensor AddWeightDecay(Tensor gradients, Tensor weights, double decay) => decay > 0 ? gradients.Add(weights, decay) : gradients;
}
