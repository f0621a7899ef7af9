namespace Samples.Reproduce;

/// <summary>All experiments, in the order of the papers.</summary>
internal static class Experiments
{
    public static IReadOnlyList<Experiment> All { get; } = [.. FeatureMiningExperiments.All, .. SplitAndShareExperiments.All, .. PriorsExperiments.All, .. PatchTrainingExperiments.All];

    /// <summary>Those of a paper by their keys, in the order of the keys; all of the paper where there are none.</summary>
    /// <exception cref="ArgumentException">There is no such paper or entry.</exception>
    public static Experiment[] Of(string paper, IReadOnlyList<string> keys)
    {
        ILookup<string, Experiment> papers = All.ToLookup(experiment => experiment.Paper);
        if (!papers.Contains(paper))
        {
            throw new ArgumentException($"There is no paper '{paper}'; there are {string.Join(", ", papers.Select(group => group.Key))}.");
        }

        return keys.Count == 0
            ? [.. papers[paper]]
            : [.. keys.Select(key => papers[paper].FirstOrDefault(experiment => experiment.Key == key)
                ?? throw new ArgumentException($"'{paper}' has no '{key}'; it has {string.Join(", ", papers[paper].Select(experiment => experiment.Key))}."))];
    }
}
