using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>An optimizer at work on the parameters of one Fit, and what it remembers of them.</summary>
internal abstract class OptimizerRun : IDisposable
{
    private readonly Parameter[] _parameters;

    protected OptimizerRun(IReadOnlyList<ParameterGroup> groups)
    {
        Groups = groups;
        _parameters = [.. groups.SelectMany(group => group.Parameters)];
        MakeGradients();
    }

    /// <summary>All that it moves.</summary>
    public IReadOnlyList<Parameter> Parameters => _parameters;

    protected IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Moves the parameters by their gradients.</summary>
    /// <param name="rate">The learning rate, before the groups' factors.</param>
    public void Step(double rate)
    {
        Take(rate);
        Steps++;
    }

    public void ZeroGradients()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (Parameter parameter in _parameters)
        {
            parameter.grad!.zero_();
        }
    }

    /// <summary>The tensors themselves, not copies, that all further steps depend on beside <see cref="Steps"/>.</summary>
    public abstract IEnumerable<(string Name, Tensor Value)> NamedState();

    /// <summary>Goes on after so many steps, with <see cref="NamedState"/> filled as it was then.</summary>
    public virtual void GoOnAfter(long steps) => Steps = steps;

    public abstract void Dispose();

    protected abstract void Take(double rate);

    // A parameter that no loss has reached yet would have none and be passed over, but one that was reached once has zeros, and momentum and decay move it: a run that goes on must do as
    // one that was not interrupted.
    private void MakeGradients()
    {
        using DisposeScope scope = NewDisposeScope();
        foreach (Parameter parameter in _parameters)
        {
            parameter.grad = zeros_like(parameter);
        }
    }
}
