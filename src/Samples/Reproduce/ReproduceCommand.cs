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
        Argument<string> paper = new("paper") { Description = $"The paper: {string.Join(", ", Experiments.All.Select(experiment => experiment.Paper).Distinct())}.", Arity = ArgumentArity.ZeroOrOne };
        Argument<string[]> entries = new("entry") { Description = "Its tables and figures, e.g. table-9; all where none is given. Without a paper, they are listed.", Arity = ArgumentArity.ZeroOrMore };
        Option<Scale> scale = new("--scale") { Description = "tiny: seconds, on digits, measures nothing; small: minutes a run on two CPU cores; paper: the paper's recipe, for a GPU.", DefaultValueFactory = _ => Scale.Tiny };
        Option<int> seeds = new("--seeds") { Description = "How many runs a row: seeds 1 to this.", DefaultValueFactory = _ => 4 };
        Option<string[]> rows = new("--rows") { Description = "Only rows with one of these in their names.", AllowMultipleArgumentsPerToken = true };
        Option<DirectoryInfo> folder = new("--out") { Description = "Where runs and results are kept; several processes may work on one folder, and what is done is not done again.", DefaultValueFactory = _ => new DirectoryInfo("reproduced") };
        Option<int?> gpu = new("--gpu") { Description = "Train on this CUDA device." };
        Option<int> threads = new("--threads") { Description = "CPU threads within an operation.", DefaultValueFactory = _ => Environment.ProcessorCount };
        Option<bool> dry = new("--dry-run") { Description = "Only print the commands." };
        ExperimentData data = new();
        Command command = new("reproduce", "Runs tables and figures of the papers, and sets what they measure beside what was published.") { paper, entries, scale, seeds, rows, folder, gpu, threads, dry };
        data.AddTo(command);
        command.SetAction(parsed => ExitCode.Guard(() =>
        {
            if (parsed.GetValue(paper) is not { } name)
            {
                return List();
            }

            Experiment[] chosen = Experiments.Of(name, parsed.GetValue(entries) ?? []);
            DirectoryInfo target = parsed.GetRequiredValue(folder);
            string[] machine = ["--threads", parsed.GetValue(threads).ToString(CultureInfo.InvariantCulture), .. parsed.GetValue(gpu) is { } device ? new[] { "--gpu", device.ToString(CultureInfo.InvariantCulture) } : []];
            ExperimentRunner runner = new(program, target, parsed.GetValue(scale), parsed.GetValue(seeds), parsed.GetValue(rows) ?? []);
            foreach (Experiment experiment in chosen)
            {
                int code = parsed.GetValue(dry) ? runner.Print(experiment, data.Given(parsed)) : runner.Run(experiment, arguments => data.Of(parsed, arguments, target), machine, Machine(parsed.GetValue(threads), parsed.GetValue(gpu)));
                if (code != ExitCode.Success)
                {
                    return code;
                }
            }

            return ExitCode.Success;
        }));
        return command;
    }

    private static int List()
    {
        foreach (Experiment experiment in Experiments.All)
        {
            Console.WriteLine($"{experiment.Paper,-26} {experiment.Key,-12} {experiment.Title} ({experiment.Rows.Count} rows)");
        }

        Console.WriteLine();
        Console.WriteLine("Not here, because they are no classification: Feature Mining's Table 7 (object detection).");
        return ExitCode.Success;
    }

    private static string Machine(int threads, int? gpu) => gpu is { } device
        ? $"CUDA device {device.ToString(CultureInfo.InvariantCulture)}, {RuntimeInformation.FrameworkDescription}."
        : $"{Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)} CPU cores, {threads.ToString(CultureInfo.InvariantCulture)} threads a run, {RuntimeInformation.ProcessArchitecture}, {RuntimeInformation.FrameworkDescription}.";
}
