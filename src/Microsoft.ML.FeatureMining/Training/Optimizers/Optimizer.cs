using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Parts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// The rule by which a step moves the weights. Settings are immutable; the learning rate, its schedule and the weight decay are the trainer's, because every rule has them.
/// </summary>
/// <remarks>For one of your own, derive a record from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
[JsonConverter(typeof(OptimizerCatalog.Converter))]
public abstract record Optimizer
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>Begins a Fit. A group's weight decay is the L2 term that is added to the gradient, unless the rule says otherwise.</summary>
    /// <param name="groups">What to train, each parameter in one of the groups.</param>
    protected internal abstract OptimizerRun Start(IReadOnlyList<ParameterGroup> groups);
}

/// <summary>The optimizers of this library, and those that were registered, by key.</summary>
public static class OptimizerCatalog
{
    private static readonly PartCatalog<Optimizer> Catalog = new("optimizer", nameof(OptimizerCatalog), part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes an optimizer with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static Optimizer Create(string key) => Catalog.Create(key);

    /// <summary>Adds an optimizer of your own under its <see cref="Optimizer.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MyOptimizer()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<Optimizer> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(Optimizer part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<Optimizer>(part => part.Key, Create);
}

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

/// <summary>Parameters that an optimizer treats alike.</summary>
/// <param name="Parameters">At least one.</param>
/// <param name="LearningRateFactor">By what the run's learning rate is multiplied for them, above 0.</param>
/// <param name="WeightDecay">At least 0.</param>
public sealed record ParameterGroup(IReadOnlyList<Parameter> Parameters, double LearningRateFactor, double WeightDecay);

/// <summary>Sorts what a run trains by rate and decay.</summary>
internal static class ParameterGroups
{
    /// <summary>The groups, of which each has a parameter; frozen parameters are in none.</summary>
    /// <param name="recipe">Says which rate and decay go where.</param>
    /// <param name="network">The network.</param>
    /// <param name="added">The strategies' modules: they learn at the rate of the head.</param>
    public static IReadOnlyList<ParameterGroup> Of(TrainingRecipe recipe, ImageNetwork network, IEnumerable<nn.Module> added)
    {
        IEnumerable<(Parameter Parameter, double RateFactor)> backbone = network.Backbone.parameters().Select(parameter => (parameter, recipe.FineTuning.BackboneLearningRateFactor));
        IEnumerable<(Parameter Parameter, double RateFactor)> rest = added.Concat(network.Exits).Prepend(network.Head).SelectMany(module => module.parameters()).Select(parameter => (parameter, 1.0));
        return [.. backbone.Concat(rest)
            .Where(entry => entry.Parameter.requires_grad)
            .GroupBy(entry => (entry.RateFactor, WeightDecay: DecayOf(recipe, entry.Parameter)), entry => entry.Parameter)
            .Select(group => new ParameterGroup([.. group], group.Key.RateFactor, group.Key.WeightDecay))];
    }

    // Biases, and scale and shift of BatchNorm, are what has one dimension.
    private static double DecayOf(TrainingRecipe recipe, Parameter parameter) => recipe.NoDecayOnNormAndBias && parameter.dim() <= 1 ? 0 : recipe.WeightDecay;
}

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
