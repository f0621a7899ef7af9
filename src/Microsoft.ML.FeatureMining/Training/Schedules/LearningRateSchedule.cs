using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>A learning rate schedule: a factor on the base learning rate that depends on the progress of the run.</summary>
/// <remarks>
/// To write your own schedule, derive a record from this class. Its public properties are its settings: they are saved in the model's manifest, and a workspace
/// uses them to identify a run.
/// </remarks>
[JsonConverter(typeof(ScheduleCatalog.Converter))]
public abstract record LearningRateSchedule : IPart
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>Returns the factor at that progress.</summary>
    /// <param name="progress">The finished fraction of the run, not counting the warm-up, in [0, 1).</param>
    /// <returns>The factor: at least 0 and finite.</returns>
    public abstract double Factor(double progress);

    /// <summary>Lists the problems of the settings; empty if there are none.</summary>
    public virtual IEnumerable<string> Problems() => [];
}

/// <summary>The learning rate schedules of this library and registered custom ones, by key.</summary>
public static class ScheduleCatalog
{
    private static readonly PartCatalog<LearningRateSchedule> Catalog = new("learning rate schedule", nameof(ScheduleCatalog));

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Creates a schedule with its default settings.</summary>
    /// <exception cref="ArgumentException">The key is unknown; the message lists the known keys.</exception>
    public static LearningRateSchedule Create(string key) => Catalog.Create(key);

    /// <summary>
    /// Registers a custom schedule under its <see cref="LearningRateSchedule.Key"/>, for <see cref="Create"/>, for loading models and for the command line of
    /// programs that use this catalog. Thread-safe.
    /// </summary>
    /// <param name="create">Creates a new instance with default settings at each call, e.g. <c>() => new MySchedule()</c>.</param>
    /// <exception cref="ArgumentException">The key is already registered, or contains characters other than letters, digits, hyphens, underscores and
    /// dots.</exception>
    public static void Register(Func<LearningRateSchedule> create) => Catalog.Register(create);

    /// <summary>Returns the problem of a part's key; null if the key is free or belongs to this part.</summary>
    internal static string? Problem(LearningRateSchedule part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<LearningRateSchedule>(Create);
}

/// <summary>
/// The learning rate of each step: a linear warm-up, then the schedule. It depends only on the step, so that a run can be resumed; the state of
/// torch.optim.lr_scheduler cannot be saved in TorchSharp.
/// </summary>
internal sealed class LearningRatePlan(TrainingRecipe recipe, int stepsPerEpoch)
{
    private const double WarmupStart = 1e-3;

    private readonly double _warmupSteps = recipe.WarmupEpochs * stepsPerEpoch;
    private readonly double _steps = (double)recipe.AllEpochs * stepsPerEpoch;

    public double At(TrainingClock clock)
    {
        double step = (double)(recipe.EpochsBefore + clock.Epoch) * stepsPerEpoch + clock.Step;
        return recipe.LearningRate
            * (
                step < _warmupSteps
                    ? WarmupStart + (1 - WarmupStart) * step / _warmupSteps
                    : recipe.Schedule.Factor((step - _warmupSteps) / (_steps - _warmupSteps))
            );
    }
}
