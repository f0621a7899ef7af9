using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What the optimizers share: groups of parameters, zeroing, and a step that autograd does not see and that leaves no tensors behind.</summary>
public abstract class OptimizerHelper : optim.Optimizer
{
    protected OptimizerOptions? _defaults;

    private protected readonly Dictionary<Parameter, OptimizerState> _states = new(ReferenceEqualityComparer.Instance);

    /// <summary>The states themselves, not copies of them.</summary>
    public virtual StateDictionary state_dict() => new(_parameter_groups.Select(group => group.Options), parameters().Select(parameter => _states[parameter]));

    public override void zero_grad()
    {
        foreach (Parameter parameter in parameters())
        {
            using Tensor? gradient = parameter.grad;
            gradient?.zero_().Dispose();
        }
    }

    public override void add_param_group(ParamGroup param_group)
    {
        _parameter_groups.Add(param_group);
        foreach (Parameter parameter in param_group.Parameters) _states[parameter] = NewState(parameter, param_group.Options);
    }

    private protected abstract OptimizerState NewState(Parameter parameter, OptimizerOptions options);

    private protected void DisposeStates()
    {
        foreach (IDisposable state in _states.Values) state.Dispose();
        _states.Clear();
    }

    protected Tensor? _step<T>(Action<T> body, Func<Tensor>? loss_closure = null)
        where T : ParamGroup
    {
        Tensor? loss = null;
        if (loss_closure is not null)
        {
            using IDisposable seen = enable_grad();
            loss = loss_closure();
        }
        using IDisposable still = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (ParamGroup group in _parameter_groups) body((T)group);
        return loss;
    }
}
