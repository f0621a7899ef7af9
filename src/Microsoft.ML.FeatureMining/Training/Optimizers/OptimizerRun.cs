using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>All state of an <see cref="Optimizer"/> in one Fit: the parameters that it moves, and the tensors that it keeps for them, such as a momentum.</summary>
/// <remarks>
/// Make those tensors in the constructor and change them in place: what a step makes is disposed at its end. <see cref="NamedState"/> names them, so that checkpoints keep them and a resumed run finds
/// them filled as they were.
/// </remarks>
public abstract class OptimizerRun : IDisposable
{
    private readonly Parameter[] _parameters;

    /// <summary>Begins with gradients of 0.</summary>
    /// <param name="groups">What <see cref="Optimizer.Start"/> was given.</param>
    protected OptimizerRun(IReadOnlyList<ParameterGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Groups = groups;
        _parameters = [.. groups.SelectMany(group => group.Parameters)];
        MakeGradients();
    }

    /// <summary>What it trains.</summary>
    protected IReadOnlyList<ParameterGroup> Groups { get; }

    internal IReadOnlyList<Parameter> Parameters => _parameters;

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Moves the parameters by their gradients.</summary>
    /// <param name="rate">The learning rate, before the groups' factors.</param>
    internal void Step(double rate)
    {
        Update(rate);
        Steps++;
    }

    internal void ZeroGradients()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (Parameter parameter in _parameters)
        {
            parameter.grad!.zero_();
        }
    }

    /// <summary>The tensors themselves, not copies, that all further steps depend on beside <see cref="Steps"/>, each under a name of its own.</summary>
    protected internal abstract IEnumerable<(string Name, Tensor Value)> NamedState();

    /// <summary>Moves each parameter by its gradient (<c>parameter.grad</c>), in place and without autograd (<c>torch.no_grad()</c>).</summary>
    /// <param name="learningRate">The rate of this step, before each group's <see cref="ParameterGroup.LearningRateFactor"/>.</param>
    protected abstract void Update(double learningRate);

    /// <summary>Called when a run is resumed, with <see cref="NamedState"/> filled as it was; sets <see cref="Steps"/>.</summary>
    /// <param name="steps">Steps taken until then.</param>
    protected internal virtual void Resume(long steps) => Steps = steps;

    /// <summary>Releases the tensors of <see cref="NamedState"/>.</summary>
    public virtual void Dispose()
    {
        foreach ((_, Tensor value) in NamedState())
        {
            value.Dispose();
        }

        GC.SuppressFinalize(this);
    }

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
