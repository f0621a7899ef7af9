using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>How a sweep goes about.</summary>
public sealed record SweepSettings
{
    /// <summary>
    /// Where the sweep keeps its journal and its runs. A sweep with the same settings on the same rows goes on there where an earlier one ended, however that ended, and does not try again what
    /// was tried; the budget may be larger. A trial that may go on keeps a checkpoint there; of those that have ended, the best keeps its weights.
    /// </summary>
    [Required]
    public required string Folder { get; init; }

    /// <summary>What varies: properties of the options by their names.</summary>
    /// <value>None: those that carry ML.NET's Range, Choice or BooleanChoice attributes, without Epochs.</value>
    public IReadOnlyList<SweepParameter> Parameters { get; init; } = [];

    /// <summary>Properties that stay as the options have them although they carry such an attribute; where <see cref="Parameters"/> are given, those alone vary.</summary>
    /// <value>None. What the other options refuse, or have no use for, stays in any case.</value>
    public IReadOnlyList<string> Fixed { get; init; } = [];

    /// <summary>How the settings of a trial are chosen.</summary>
    /// <value><see cref="SweepSampler.TreeParzen"/>.</value>
    public SweepSampler Sampler { get; init; }

    /// <summary>Values of a number in a grid, at least 1.</summary>
    /// <value>3.</value>
    [Range(1, int.MaxValue)]
    public int GridSteps { get; init; } = 3;

    /// <summary>Trials at most, at least 1.</summary>
    /// <value>30.</value>
    [Range(1, int.MaxValue)]
    public int Trials { get; init; } = 30;

    /// <summary>Time at most, that of an earlier part of the sweep included. A trial that it ends is taken up by the next call with more time.</summary>
    /// <value>None: any.</value>
    public TimeSpan? Time { get; init; }

    /// <summary>When trials end before their last epoch.</summary>
    /// <value>ASHA from 1 epoch with eta 3; null trains each to its end.</value>
    public SuccessiveHalving? Halving { get; init; } = new();

    /// <summary>Decides the settings of the trials, and, where the options have none, their split, weights and augmentation.</summary>
    /// <value>0.</value>
    public int Seed { get; init; }

    /// <summary>Told of a trial each time that it pauses, ends or fails, on the thread that runs the sweep.</summary>
    /// <value>None.</value>
    public Action<SweepTrial>? Progress { get; init; }

    /// <summary>Ends the sweep before its time; what was found so far is returned.</summary>
    /// <value>None.</value>
    public CancellationToken CancellationToken { get; init; }

    /// <summary>What is wrong with the settings; empty if nothing is.</summary>
    internal IEnumerable<string> Problems() =>
    [
        .. SettingsValidator.Problems(this),
        .. Parameters.GroupBy(parameter => parameter.Name).Where(group => group.Count() > 1).Select(group => $"Parameters have {group.Key} twice."),
    ];
}
