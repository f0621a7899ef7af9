using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>One of TorchSharp's optimizers at work.</summary>
/// <param name="optimizer">The optimizer, made with the same groups.</param>
/// <param name="groups">The groups.</param>
/// <param name="tensorsOf">What it remembers of a parameter, by PyTorch's names.</param>
/// <param name="setSteps">Sets the number of steps in what it remembers, where its rule asks for it.</param>
internal sealed class TorchOptimizerRun<TState>(
    OptimizerHelper optimizer, IReadOnlyList<ParameterGroup> groups, Func<TState, IEnumerable<(string Name, Tensor Value)>> tensorsOf, Action<TState, long>? setSteps = null)
    : OptimizerRun(groups)
    where TState : OptimizerState
{
    private IEnumerable<TState> States => optimizer.state_dict().State.Cast<TState>();

    protected internal override IEnumerable<(string Name, Tensor Value)> NamedState() =>
        States.SelectMany((state, index) => tensorsOf(state).Select(tensor => ($"{index}.{tensor.Name}", tensor.Value)));

    protected internal override void Resume(long steps)
    {
        base.Resume(steps);
        foreach (TState state in States)
        {
            setSteps?.Invoke(state, steps);
        }
    }

    public override void Dispose() => optimizer.Dispose();

    protected override void Update(double learningRate)
    {
        foreach ((optim.ILearningRateController controller, ParameterGroup group) in optimizer.ParamGroups.Zip(Groups))
        {
            controller.LearningRate = learningRate * group.LearningRateFactor;
        }

        optimizer.step();
    }
}
