using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>How the learning rate changes over a run: a factor on the base rate.</summary>
/// <remarks>For one of your own, derive a record from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
[JsonConverter(typeof(ScheduleCatalog.Converter))]
public abstract record LearningRateSchedule
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>The factor at a share of the run.</summary>
    /// <param name="progress">The share of the run, without its warm-up, that is done, in [0, 1).</param>
    /// <returns>At least 0 and finite.</returns>
    public abstract double Factor(double progress);

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];
}

/// <summary>The learning rate schedules of this library, and those that were registered, by key.</summary>
public static class ScheduleCatalog
{
    private static readonly PartCatalog<LearningRateSchedule> Catalog = new("learning rate schedule", nameof(ScheduleCatalog), part => part.Key);

    /// <summary>All keys, in order.</summary>
    public static IReadOnlyList<string> Keys => Catalog.Keys;

    /// <summary>Makes a schedule with its default settings.</summary>
    /// <exception cref="ArgumentException">There is none of that key; the message lists the known keys.</exception>
    public static LearningRateSchedule Create(string key) => Catalog.Create(key);

    /// <summary>Adds a schedule of your own under its <see cref="LearningRateSchedule.Key"/>, so that <see cref="Create"/>, and the command line of a program that uses it, know it. Safe to call from any thread.</summary>
    /// <param name="create">Makes a new one with its default settings at each call, e.g. <c>() => new MySchedule()</c>.</param>
    /// <exception cref="ArgumentException">The key is taken, or has other characters than letters, digits, hyphens, underscores and dots.</exception>
    public static void Register(Func<LearningRateSchedule> create) => Catalog.Register(create);

    /// <summary>Says what is wrong with the key of a part, or null where it names this part or none.</summary>
    internal static string? Problem(LearningRateSchedule part) => Catalog.Problem(part);

    internal sealed class Converter() : PartConverter<LearningRateSchedule>(part => part.Key, Create);
}

/// <summary>
/// The learning rate of each step: a linear warm-up, then the schedule over what is left. It depends on the step alone, so that a run can be resumed; the state of torch.optim.lr_scheduler cannot be saved.
/// </summary>
internal sealed class LearningRatePlan(TrainingRecipe recipe, int stepsPerEpoch)
{
    private const double WarmupStart = 1e-3;

    private readonly double _warmupSteps = recipe.WarmupEpochs * stepsPerEpoch;
    private readonly double _steps = (double)recipe.Epochs * stepsPerEpoch;

    public double At(TrainingClock clock)
    {
        double step = (double)clock.Epoch * stepsPerEpoch + clock.Step;
        return recipe.LearningRate * (step < _warmupSteps
            ? WarmupStart + (1 - WarmupStart) * step / _warmupSteps
            : recipe.Schedule.Factor((step - _warmupSteps) / (_steps - _warmupSteps)));
    }
}
