namespace Samples.Reproduce;

/// <summary>Runs experiments and writes their results.</summary>
/// <param name="program">Runs a command line of this program and returns its exit code.</param>
/// <param name="folder">Where runs and results are kept.</param>
/// <param name="scale">How large.</param>
/// <param name="seeds">Runs a row.</param>
/// <param name="filters">Parts of the names of the rows to run; all where there are none.</param>
internal sealed class ExperimentRunner(Func<string[], int> program, DirectoryInfo folder, Scale scale, int seeds, IReadOnlyList<string> filters)
{
    /// <summary>Prints the commands, with data sets in braces where their folder is not given.</summary>
    public int Print(Experiment experiment, IReadOnlyDictionary<string, string> data)
    {
        Console.WriteLine($"# {experiment.Title}");
        foreach (ExperimentRun run in Runs(experiment))
        {
            Console.WriteLine(string.Join(' ', run.Command.Split(' ').Select(word => Quoted(Placeholders.Fill(word, data)))));
        }

        return ExitCode.Success;
    }

    /// <summary>Does what is not done yet, and writes the result after each run.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="dataOf">Finds the data sets that arguments name.</param>
    /// <param name="where">Arguments of <c>train</c> that say where it runs.</param>
    /// <param name="machine">The same in words.</param>
    public int Run(Experiment experiment, Func<string, IReadOnlyDictionary<string, string>> dataOf, IReadOnlyList<string> where, string machine)
    {
        ExperimentRun[] runs = [.. Runs(experiment)];
        if (runs.Length == 0)
        {
            throw new ArgumentException($"No row of {experiment.Name} is called so; it has {string.Join("; ", experiment.RowsAt(scale).Select(row => row.FullName))}.");
        }

        IReadOnlyDictionary<string, string> data = dataOf(string.Concat(runs.Select(run => run.Command)));
        foreach ((int index, ExperimentRun run) in runs.Index().Where(entry => !entry.Item.IsDone))
        {
            Console.WriteLine($"{experiment.Name}, run {index + 1} of {runs.Length}: {run.Row.FullName}, seed {run.Seed}");
            int? code = run.Do(program, data, where);
            if (code is null)
            {
                Console.WriteLine("another process has it in hand");
            }
            else if (code != ExitCode.Success)
            {
                return code.Value;
            }
            else
            {
                Write(experiment, runs, machine);
            }
        }

        // Others may have done some of them.
        string table = Write(experiment, runs, machine);
        Console.WriteLine();
        Console.WriteLine(table);
        return ExitCode.Success;
    }

    private static string Quoted(string word) => word.Contains(' ', StringComparison.Ordinal) ? $"\"{word}\"" : word;

    // Seeds outside of rows: a table that was stopped has the same seeds in all rows.
    private IEnumerable<ExperimentRun> Runs(Experiment experiment) =>
        from seed in Enumerable.Range(1, seeds)
        from row in experiment.RowsAt(scale)
        where filters.Count == 0 || filters.Any(filter => row.FullName.Contains(filter, StringComparison.OrdinalIgnoreCase))
        select new ExperimentRun(experiment.Recipes[scale], row, seed, Path.Combine(folder.FullName, "runs"));

    // Returns the table.
    private string Write(Experiment experiment, IEnumerable<ExperimentRun> runs, string machine)
    {
        ExperimentResult result = ExperimentResult.Of(experiment, scale, runs);
        string table = ResultMarkdown.Of(result, machine);
        string path = Path.Combine(folder.FullName, $"{experiment.Name}-{scale.ToString().ToLowerInvariant()}");
        File.WriteAllText($"{path}.md", table);
        File.WriteAllText($"{path}.json", ResultJson.Of(result, machine));
        File.WriteAllText($"{path}.svg", ResultPlot.Of(result));
        if (result.Curves.Count > 0)
        {
            File.WriteAllText($"{path}-curves.svg", CurvePlot.Of(result));
        }

        return table;
    }
}
