using System.Globalization;
using Microsoft.ML.FeatureMining.Artifacts.Workspaces;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>Where the trials of a sweep keep the state of their runs: a folder each.</summary>
internal sealed class TrialFolders(string folder)
{
    public string Of(SweepTrial trial) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"trial-{trial.Number:d4}"));

    /// <summary>Removes the weights of trials that have ended, but for the best's; a trial that may go on keeps what it goes on from.</summary>
    public void Prune(IReadOnlyList<SweepTrial> trials)
    {
        SweepTrial? best = SweepTrial.Best(trials);
        foreach (SweepTrial trial in trials.Where(trial => trial.State is TrialState.Completed or TrialState.Failed && trial.Number != best?.Number))
        {
            CheckpointFolder.RemoveAllBelow(Of(trial));
        }
    }
}
