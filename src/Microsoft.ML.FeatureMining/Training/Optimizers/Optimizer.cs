using System.Text.Json.Serialization;

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

    /// <summary>The problem of a number that does not lie in [0, 1).</summary>
    private protected IEnumerable<string> OutsideUnit(string name, double value) => value is >= 0 and < 1 ? [] : [$"{name} of {Key} lies in [0, 1); it is {value}."];

    /// <summary>The problem of a number that is not above 0.</summary>
    private protected IEnumerable<string> NotPositive(string name, double value) => value > 0 && double.IsFinite(value) ? [] : [$"{name} of {Key} is above 0; it is {value}."];
}
