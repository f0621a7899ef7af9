namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// Early stopping over epochs: ASHA, asynchronous successive halving (Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", algorithm 2). A
/// trial runs for a few epochs. It continues to eta times as many only if it is among the best 1 / eta of the trials that reached the same epoch.
/// </summary>
public sealed record SuccessiveHalving
{
    /// <summary>The minimum number of epochs r of every trial, at least 1.</summary>
    /// <value>1.</value>
    [Range(1, int.MaxValue)]
    public int MinEpochs { get; init; } = 1;

    /// <summary>The reduction factor eta, at least 2. Each rung has eta times the epochs of the rung below; one trial in eta is promoted to it.</summary>
    /// <value>3.</value>
    [Range(2, int.MaxValue)]
    public int Reduction { get; init; } = 3;

    /// <summary>The epochs of each rung: r, r eta, r eta^2, ..., and finally all epochs.</summary>
    internal int[] Rungs(int epochs)
    {
        List<int> rungs = [];
        for (long rung = MinEpochs; rung < epochs; rung *= Reduction)
        {
            rungs.Add((int)rung);
        }

        return [.. rungs, epochs];
    }

    /// <summary>The trial to promote, from the highest possible rung, and the epoch to train it to; null if no trial can be promoted.</summary>
    /// <param name="trials">All trials.</param>
    /// <param name="epochs">The number of epochs of a completed trial.</param>
    /// <param name="claim">Takes a trial to train it; false if another process is doing that.</param>
    internal (SweepTrial Trial, int Epochs)? Promotion(IReadOnlyList<SweepTrial> trials, int epochs, Func<SweepTrial, bool> claim)
    {
        int[] rungs = Rungs(epochs);
        for (int k = rungs.Length - 2; k >= 0; k--)
        {
            SweepTrial[] members = [.. trials.Where(trial => trial.State != TrialState.Failed && trial.HasReached(rungs[k]))];
            SweepTrial? next = members
                .OrderByDescending(trial => trial.ScoreAt(rungs[k]))
                .ThenBy(trial => trial.Number)
                .Take(members.Length / Reduction)
                .FirstOrDefault(trial => !trial.HasReached(rungs[k + 1]) && claim(trial));
            if (next is not null)
            {
                return (next, rungs[k + 1]);
            }
        }

        return null;
    }
}
