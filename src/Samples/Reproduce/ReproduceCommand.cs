using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Samples.Reproduce;

/// <summary>The verb <c>reproduce</c>.</summary>
internal static class ReproduceCommand
{
    /// <param name="program">Runs a command line of this program and returns its exit code.</param>
    public static Command Create(Func<string[], int> program)
    {
        Argument<string> paper = new("paper")
        {
            Description = $"The paper: {string.Join(", ", Experiments.All.Select(experiment => experiment.Paper).Distinct())}.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        Argument<string[]> entries = new("entry")
        {
            Description = "Tables and figures of the paper, e.g. table-9. Without any, lists those of the paper.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        Option<Scale> scale = new("--scale")
        {
            Description = "tiny: seconds, on digits, measures nothing; small: minutes per run on two CPU cores; paper: the recipe of the paper, for a GPU.",
            DefaultValueFactory = _ => Scale.Tiny,
        };
        Option<int> seeds = new("--seeds") { Description = "Runs per row: seeds 1 to N.", DefaultValueFactory = _ => 4 };
        Option<string[]> rows = new("--rows") { Description = "Only rows whose names contain one of these.", AllowMultipleArgumentsPerToken = true };
        Option<DirectoryInfo> folder = new("--out")
        {
            Description = "The folder of runs and results. Runs that are done are not repeated; several processes may share one folder.",
            DefaultValueFactory = _ => new DirectoryInfo("reproduced"),
        };
        Option<bool> all = new("--all") { Description = "Run all tables and figures of the paper." };
        Option<bool> dry = new("--dry-run") { Description = "Only print the commands." };
        seeds.Between(1, 1000);
        MachineOptions machine = new();
        Jobs jobs = new();
        ExperimentData data = new();
        Command command = new("reproduce", "Runs tables and figures of the papers, and compares the results with the published ones.")
        {
            paper,
            entries,
            scale,
            seeds,
            rows,
            folder,
            all,
            dry,
        };
        machine.AddTo(command);
        data.AddTo(command);
        jobs.AddTo(command);
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
            {
                string? name = parsed.GetValue(paper);
                if (name is null || (parsed.GetValue(entries) is not { Length: > 0 } && !parsed.GetValue(all) && !parsed.GetValue(dry)))
                {
                    return List(name is null ? Experiments.All : Experiments.Of(name, []), parsed.GetValue(seeds));
                }

                DirectoryInfo target = parsed.GetRequiredValue(folder);
                if (!parsed.GetValue(dry))
                {
                    OutputPath.TryFolder("--out", target);
                }

                if (jobs.IsSlurm(parsed))
                {
                    _ = Experiments.Of(name, parsed.GetValue(entries) ?? []);
                    return jobs.Submit(parsed, target, parsed.GetValue(dry), "Each task writes the results so far.");
                }

                int? share = jobs.Threads(parsed, machine.ThreadsOption);
                if (!parsed.GetValue(dry) && RunJobs(parsed, share) is { } refused)
                {
                    return refused;
                }

                ExperimentRunner runner = new(program, target, parsed.GetValue(scale), parsed.GetValue(seeds), parsed.GetValue(rows) ?? []);
                (string[] where, string text) = Machine(share ?? machine.Threads(parsed) ?? Environment.ProcessorCount, machine.Gpu(parsed));
                foreach (Experiment experiment in Experiments.Of(name, parsed.GetValue(entries) ?? []))
                {
                    int code = parsed.GetValue(dry)
                        ? runner.Print(experiment, data.Given(parsed))
                        : runner.Run(experiment, arguments => data.Of(parsed, arguments, target), where, text);
                    if (code != ExitCode.Success)
                    {
                        return code;
                    }
                }

                return ExitCode.Success;
            })
        );
        return command;

        int? RunJobs(ParseResult parsed, int? share)
        {
            using CancellationTokenSource stop = Session.CancelOnCtrlC();
            int? code = jobs.Run(parsed, share, line => line.Contains(", run ", StringComparison.Ordinal), stop.Token);
            return stop.IsCancellationRequested ? ExitCode.Canceled : code;
        }
    }

    private static int List(IReadOnlyList<Experiment> experiments, int seeds)
    {
        foreach (Experiment experiment in experiments)
        {
            Console.WriteLine($"{experiment.Paper, -26} {experiment.Key, -12} {experiment.Title} ({experiment.Rows.Count} rows)");
        }

        Console.WriteLine();
        Console.WriteLine(
            $"Each row is trained with {seeds} seeds: {seeds * experiments.Sum(experiment => experiment.Rows.Count)} runs in all. "
                + $"'reproduce {experiments[0].Paper} {experiments[0].Key}' runs one table, --all all of a paper."
        );
        return ExitCode.Success;
    }

    /// <summary>Threads and GPU, as arguments of <c>train</c> and as text.</summary>
    private static (string[] Arguments, string Text) Machine(int threads, int? gpu)
    {
        string count = threads.ToString(CultureInfo.InvariantCulture);
        string runtime = RuntimeInformation.FrameworkDescription;
        return gpu?.ToString(CultureInfo.InvariantCulture) is { } device
            ? (["--threads", count, "--gpu", device], $"CUDA device {device}, {runtime}.")
            : (
                ["--threads", count],
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Environment.ProcessorCount} CPU cores, {count} threads per run, " + $"{RuntimeInformation.ProcessArchitecture}, {runtime}."
                )
            );
    }
}

/// <summary>All experiments, in the order of the papers.</summary>
internal static class Experiments
{
    public static IReadOnlyList<Experiment> All { get; } =
    [.. FeatureMiningExperiments.All, .. SplitAndShareExperiments.All, .. PriorsExperiments.All, .. PatchTrainingExperiments.All];

    /// <summary>The experiments of a paper with these keys; all of the paper if there are none.</summary>
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
            :
            [
                .. keys.Select(key =>
                    papers[paper].FirstOrDefault(experiment => experiment.Key == key)
                    ?? throw new ArgumentException($"'{paper}' has no '{key}'; it has {string.Join(", ", papers[paper].Select(experiment => experiment.Key))}.")
                ),
            ];
    }
}
