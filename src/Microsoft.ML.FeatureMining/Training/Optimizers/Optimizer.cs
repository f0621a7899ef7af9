using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Parts;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// An optimizer's settings. They are immutable; the learning rate, its schedule and the weight decay are settings of the trainer, because all optimizers have
/// them.
/// </summary>
/// <remarks>
/// To write your own optimizer, derive a record from this class. Its public properties are its settings: they are saved in the model's manifest, and a
/// workspace uses them to identify a run.
/// </remarks>
[JsonConverter(typeof(OptimizerCatalog.Converter))]
public abstract record Optimizer : IPart
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>Lists the problems of the settings; empty if there are none.</summary>
    public virtual IEnumerable<string> Problems() => [];

    /// <summary>Starts a Fit. The weight decay of a group is an L2 term added to the gradient, unless the optimizer defines it otherwise.</summary>
    /// <param name="groups">The parameters to train; each is in one group.</param>
    protected internal abstract OptimizerRun Start(IReadOnlyList<ParameterGroup> groups);
}

/// <summary>The optimizers of this library and registered custom ones, by key.</summary>
public static class OptimizerCatalog
{
    private static readonly PartCatalog<Optimizer> Catalog = new("optimizer", nameof(OptimizerCatalog));

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Creates an optimizer with its default settings.</summary>
    /// <exception cref="ArgumentException">The key is unknown; the message lists the known keys.</exception>
    public static Optimizer Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Registers a custom optimizer under its <see cref="Optimizer.Key"/>, for <see cref="Create"/>, for loading models and for the command line of programs
    /// that use this catalog. Thread-safe.
    /// </summary>
    /// <param name="create">Creates a new instance with default settings at each call, e.g. <c>() => new MyOptimizer()</c>.</param>
    /// <exception cref="ArgumentException">The key is already registered, or contains characters other than letters, digits, hyphens, underscores and
    /// dots.</exception>
    public static void Register(Func<Optimizer> create) => Catalog.Register(create);

    /// <summary>Returns the problem of a part's key; null if the key is free or belongs to this part.</summary>
    internal static string? Problem(Optimizer part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<Optimizer>(Create);
}

/// <summary>The state of an <see cref="Optimizer"/> in one Fit: the parameters to update and the tensors kept for them, such as momentum buffers.</summary>
/// <remarks>
/// Create these tensors in the constructor and change them in place: tensors created in a step are disposed at the end of the step. Return them from
/// <see cref="NamedState"/>, so that checkpoints save them and a resumed run restores them.
/// </remarks>
public abstract class OptimizerRun : IDisposable
{
    private readonly FlatParameters _flat;

    /// <summary>Sets all gradients to 0.</summary>
    /// <param name="groups">The groups passed to <see cref="Optimizer.Start"/>.</param>
    /// <exception cref="ArgumentException">The parameters have different types or devices.</exception>
    protected OptimizerRun(IReadOnlyList<ParameterGroup> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        Groups = groups;
        _flat = new FlatParameters([.. groups.SelectMany(group => group.Parameters)]);
    }

    /// <summary>The parameters to train.</summary>
    protected IReadOnlyList<ParameterGroup> Groups { get; }

    /// <summary>The parameters of all groups and their gradients, in the order of the groups.</summary>
    internal FlatParameters Flat => _flat;

    /// <summary>The number of steps so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Updates the parameters by their gradients.</summary>
    /// <param name="rate">The learning rate, before the factors of the groups.</param>
    internal void Step(double rate)
    {
        Update(rate);
        _flat.UpdateCopy();
        Steps++;
    }

    /// <summary>The state tensors (not copies) that later steps depend on, besides <see cref="Steps"/>, each with a unique name.</summary>
    protected internal abstract IEnumerable<(string Name, Tensor Value)> NamedState();

    /// <summary>Updates each parameter by its gradient (<c>parameter.grad</c>), in place and without autograd (<c>torch.no_grad()</c>).</summary>
    /// <param name="learningRate">The learning rate of this step, before each group's <see cref="ParameterGroup.LearningRateFactor"/>.</param>
    protected abstract void Update(double learningRate);

    /// <summary>Called when a run is resumed, after <see cref="NamedState"/> has been restored; sets <see cref="Steps"/>.</summary>
    /// <param name="steps">The number of steps before the run was interrupted.</param>
    protected internal virtual void Resume(long steps) => Steps = steps;

    /// <summary>Releases the tensors of <see cref="NamedState"/>.</summary>
    public virtual void Dispose()
    {
        foreach ((_, Tensor value) in NamedState())
        {
            value.Dispose();
        }

        _flat.Dispose();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Parameters with the same learning rate factor and weight decay.</summary>
/// <param name="Parameters">The parameters, at least one.</param>
/// <param name="LearningRateFactor">The factor on the run's learning rate, above 0.</param>
/// <param name="WeightDecay">The weight decay, at least 0.</param>
public sealed record ParameterGroup(IReadOnlyList<Parameter> Parameters, double LearningRateFactor, double WeightDecay);

/// <summary>Groups the parameters of a run by learning rate and weight decay.</summary>
internal static class ParameterGroups
{
    /// <summary>The groups; none is empty. Frozen parameters are not included.</summary>
    /// <param name="recipe">The recipe, which determines learning rates and weight decay.</param>
    /// <param name="network">The network.</param>
    /// <param name="added">The modules of strategies; they have the learning rate of the head.</param>
    public static IReadOnlyList<ParameterGroup> Of(TrainingRecipe recipe, ImageNetwork network, IEnumerable<nn.Module> added) =>
        Of(recipe, network.Backbone, added.Concat(network.Exits).Prepend(network.Head).SelectMany(module => module.parameters()));

    /// <summary>The same for a backbone and other parameters, which have the learning rate of the head.</summary>
    public static IReadOnlyList<ParameterGroup> Of(TrainingRecipe recipe, Backbone backbone, IEnumerable<Parameter> others) =>
        [
            .. OfBackbone(recipe.FineTuning, backbone)
                .Concat(others.Select(parameter => (Parameter: parameter, RateFactor: 1.0)))
                .Where(entry => entry.Parameter.requires_grad)
                .GroupBy(entry => (entry.RateFactor, WeightDecay: DecayOf(recipe, entry.Parameter)), entry => entry.Parameter)
                .Select(group => new ParameterGroup([.. group], group.Key.RateFactor, group.Key.WeightDecay)),
        ];

    private static IEnumerable<(Parameter Parameter, double RateFactor)> OfBackbone(FineTuning settings, Backbone backbone)
    {
        if (settings.LayerDecay == 1)
        {
            return backbone.parameters().Select(parameter => (parameter, settings.BackboneLearningRateFactor));
        }

        // The stem and the stages, from the first to the last.
        IReadOnlyList<IReadOnlyList<nn.Module>> groups = backbone.LayerGroups;
        return groups.SelectMany(
            (group, index) =>
                group
                    .SelectMany(module => module.parameters())
                    .Select(parameter => (parameter, settings.BackboneLearningRateFactor * Math.Pow(settings.LayerDecay, groups.Count - index)))
        );
    }

    // Biases and BatchNorm parameters have one dimension.
    private static double DecayOf(TrainingRecipe recipe, Parameter parameter) => recipe.NoDecayOnNormAndBias && parameter.dim() <= 1 ? 0 : recipe.WeightDecay;
}
