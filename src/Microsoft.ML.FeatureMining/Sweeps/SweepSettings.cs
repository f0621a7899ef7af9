using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>The settings of a hyperparameter sweep.</summary>
public sealed record SweepSettings
{
    /// <summary>
    /// The folder for the journal and the runs of the sweep. A sweep with the same settings on the same rows resumes from this folder, however the earlier one
    /// ended, and does not repeat its trials; the budget may be larger. Trials that may continue keep a checkpoint; only the best finished trial keeps its
    /// weights.
    /// </summary>
    [Required]
    public required string Folder { get; init; }

    /// <summary>The parameters to vary: properties of the options, by name.</summary>
    /// <value>Empty: all properties with ML.NET's Range, Choice or BooleanChoice attributes, except Epochs.</value>
    public IReadOnlyList<SweepParameter> Parameters { get; init; } = [];

    /// <summary>Properties with such an attribute that must not vary. Not used if <see cref="Parameters"/> is set.</summary>
    /// <value>Empty. Properties that are invalid or unused with the other options never vary.</value>
    public IReadOnlyList<string> ExcludedParameters { get; init; } = [];

    /// <summary>The algorithm that chooses the settings of a trial.</summary>
    /// <value><see cref="SweepSampler.TreeParzen"/>.</value>
    public SweepSampler Sampler { get; init; }

    /// <summary>The number of values per number parameter in a grid, at least 1.</summary>
    /// <value>3.</value>
    [Range(1, int.MaxValue)]
    public int GridSteps { get; init; } = 3;

    /// <summary>The maximum number of trials, at least 1.</summary>
    /// <value>30.</value>
    [Range(1, int.MaxValue)]
    public int Trials { get; init; } = 30;

    /// <summary>
    /// The maximum total time, at least 0, including earlier runs of the same sweep. A trial that is interrupted by it resumes in the next call with a higher
    /// limit.
    /// </summary>
    /// <value>null: no limit.</value>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>Early stopping of trials.</summary>
    /// <value>ASHA with at least 1 epoch and eta 3; null trains every trial to the end.</value>
    public SuccessiveHalving? Halving { get; init; } = new();

    /// <summary>
    /// The seed for the settings of the trials. If the options have no seed, also for their validation split, initial weights and augmentation.
    /// </summary>
    /// <value>0.</value>
    public int Seed { get; init; }

    /// <summary>Called whenever a trial pauses, ends or fails, on the thread that runs the sweep.</summary>
    /// <value>null.</value>
    public Action<SweepTrial>? Progress { get; init; }

    /// <summary>Cancels the sweep; the results so far are returned.</summary>
    /// <value>None.</value>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>Validation errors of the settings; empty if they are valid.</summary>
    internal IEnumerable<string> Problems() =>
        [
            .. SettingsValidator.Problems(this),
            .. TimeLimit < TimeSpan.Zero ? [$"TimeLimit must be at least 0; it is {TimeLimit}."] : Array.Empty<string>(),
            .. Parameters.GroupBy(parameter => parameter.Name).Where(group => group.Count() > 1).Select(group => $"Parameters has {group.Key} more than once."),
        ];
}
