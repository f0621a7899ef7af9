using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Samples.Reproduce;

/// <summary>One row with one seed. A run is done when its report exists, whichever table it was run for.</summary>
internal sealed class ExperimentRun
{
    // Keeps the seeds of an ensemble's models apart from those of single models.
    private const int SeedsOfAnEnsemble = 1000;

    private static readonly string[] TimeOptions = ["backbone", "size", "epochs", "batch", "classes", "samples-per-class"];

    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly string _arguments;
    private readonly string? _detection;
    private readonly string _test;
    private readonly string _report;

    /// <param name="recipe">The settings that all rows share.</param>
    /// <param name="row">The row.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="folder">The folder of the reports of all runs.</param>
    public ExperimentRun(Recipe recipe, Row row, int seed, string folder)
    {
        (Row, Seed, _arguments, _detection, _test) = (row, seed, recipe.Of(row), recipe.Detection, recipe.Test);
        string identity = $"{row.Models} {Canonical(_arguments)}{(_detection is null ? "" : $" detect {_detection}")}";
        _report = Path.Combine(folder, $"{Hash(identity)}-seed-{Text(seed)}.json");
    }

    public Row Row { get; }

    public int Seed { get; }

    /// <summary>The file name of the report.</summary>
    public string Name => Path.GetFileName(_report);

    /// <summary>What decides the time of a run besides the strategy: runs that have it in common take about the same time.</summary>
    public string Kind =>
        string.Join(' ', Recipe.Options(_arguments).Where(option => TimeOptions.Contains(option.Split(' ')[0])).Order(StringComparer.Ordinal));

    public bool IsDone => File.Exists(_report);

    /// <summary>The commands that do the run, with data sets as <c>{name}</c>.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            string train = $"train {_arguments} --seed {Text(Row.Models == 1 ? Seed : SeedsOfAnEnsemble * Seed)}";
            return _detection is null
                ? [train]
                : [$"{train} --model backbone.zip", $"detect train {_detection} --seed {Text(Seed)} --initial-weights backbone.zip --model detector.zip"];
        }
    }

    /// <summary>The commands as one text.</summary>
    public string Command => string.Join(" && ", Commands);

    /// <summary>The report; null if the run is not done.</summary>
    public JsonElement? Result() => IsDone ? JsonElement.Parse(File.ReadAllText(_report)) : null;

    /// <summary>Estimates the seconds of the training of one model from its first steps on this machine; null if there was not enough time for them.</summary>
    /// <param name="data">Folders of the data sets.</param>
    /// <param name="machine">Arguments of <c>train</c> for threads and GPU.</param>
    /// <param name="limit">The time for it.</param>
    public double? Estimate(IReadOnlyDictionary<string, string> data, IReadOnlyList<string> machine, TimeSpan limit) =>
        _detection is null
            ? TrainCommand.Estimate([.. Train(Seed, machine).Select(argument => Placeholders.Fill(argument, data)), "--no-model"], limit)?.TotalSeconds
            : null;

    /// <summary>Does the run, or resumes it.</summary>
    /// <param name="program">Runs a command line of this program and returns its exit code.</param>
    /// <param name="data">Folders of the data sets.</param>
    /// <param name="machine">Arguments of <c>train</c> for threads and GPU.</param>
    /// <returns>The exit code; null if another process is doing the run.</returns>
    public int? Do(Func<string[], int> program, IReadOnlyDictionary<string, string> data, IReadOnlyList<string> machine)
    {
        string work = Path.ChangeExtension(_report, ".work");
        Directory.CreateDirectory(work);
        using FileStream? mine = TryLock(Path.Combine(work, "lock"));
        if (mine is null)
        {
            return null;
        }

        foreach (
            string[] step in IsDone ? []
            : _detection is not null ? Detector(_detection)
            : Row.Models == 1
                ?
                [
                    [.. Train(Seed), "--no-model", "--report", _report],
                ]
            : Ensemble()
        )
        {
            if (program([.. step.Select(argument => Placeholders.Fill(argument, data))]) is not ExitCode.Success and int code)
            {
                return code;
            }
        }

        // Closed before, because Windows deletes no folder with an open file. A process that takes the lock in between finds the run done, and deletes what
        // is left.
        mine.Dispose();
        try
        {
            Directory.Delete(work, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }

        return ExitCode.Success;

        IEnumerable<string> Train(int seed) => [.. this.Train(seed, machine), "--workspace", Path.Combine(work, Text(seed))];

        IEnumerable<string[]> Detector(string arguments)
        {
            string backbone = Path.Combine(work, "backbone.zip");
            if (!File.Exists(backbone))
            {
                yield return [.. Train(Seed), "--model", backbone];
            }

            yield return
            [
                "detect",
                "train",
                .. Words(arguments),
                .. machine,
                "--seed",
                Text(Seed),
                "--initial-weights",
                backbone,
                "--workspace",
                Path.Combine(work, "detector"),
                "--model",
                Path.Combine(work, "detector.zip"),
                "--report",
                _report,
            ];
        }

        IEnumerable<string[]> Ensemble()
        {
            string[] models = [.. Enumerable.Range(0, Row.Models).Select(i => Path.Combine(work, $"{Text(i)}.zip"))];
            string ensemble = Path.Combine(work, "ensemble.zip");
            IEnumerable<string[]> missing = models
                .Index()
                .Where(model => !File.Exists(model.Item))
                .Select(model => (string[])[.. Train(SeedsOfAnEnsemble * Seed + model.Index), "--model", model.Item]);
            return
            [
                .. missing,
                ["ensemble", .. models.SelectMany(model => new[] { "--model", model }), "--out", ensemble],
                ["evaluate", "--model", ensemble, .. Words($"--{_test}"), "--report", _report],
            ];
        }
    }

    private IEnumerable<string> Train(int seed, IReadOnlyList<string> machine) => ["train", .. Words(_arguments), .. machine, "--seed", Text(seed)];

    // The operating system releases the lock when the process ends, even if it is killed.
    private static FileStream? TryLock(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Takes a lock that other processes hold for moments.</summary>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static FileStream WaitForLock(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        for (Stopwatch watch = Stopwatch.StartNew(); watch.Elapsed < LongestWait; Thread.Sleep(Pause))
        {
            if (TryLock(path) is { } held)
            {
                return held;
            }
        }

        return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // Independent of the order of the options. Runs without a box rule have this one.
    private static string Canonical(string arguments) =>
        string.Concat(Recipe.Options(arguments).Where(option => option != "box-rule CutMix").Order(StringComparer.Ordinal).Select(option => $" --{option}"));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Runs experiments and writes their results.</summary>
/// <param name="program">Runs a command line of this program and returns its exit code.</param>
/// <param name="folder">The folder of runs and results.</param>
/// <param name="scale">The scale.</param>
/// <param name="seeds">Runs per row.</param>
/// <param name="filters">Runs only rows whose names contain one of these; empty for all.</param>
internal sealed class ExperimentRunner(Func<string[], int> program, DirectoryInfo folder, Scale scale, int seeds, IReadOnlyList<string> filters)
{
    private const double UsualTinySeconds = 10;
    private const double UsualSmallSeconds = 240;

    // For the first steps of all kinds of runs, and of one.
    private static readonly TimeSpan MeasuringTime = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestMeasurement = TimeSpan.FromSeconds(20);

    /// <summary>Prints the commands, with a data set as <c>{name}</c> where its folder is not given.</summary>
    public int Print(Experiment experiment, IReadOnlyDictionary<string, string> data)
    {
        Console.WriteLine($"# {experiment.Title}");
        Console.WriteLine($"# {TimeEstimate(experiment, [.. Runs(experiment)])}");
        string program = $"dotnet {ShellText.Of(typeof(Program).Assembly.Location)}";
        SortedSet<string> open = new(StringComparer.Ordinal);
        foreach (string planned in Runs(experiment).SelectMany(run => run.Commands))
        {
            string command = string.Join(' ', planned.Split(' ').Select(word => ShellText.Of(Placeholders.Fill(word, data))));
            Console.WriteLine($"{program} {command}");
            open.UnionWith(Regex.Matches(command, @"\{([a-z0-9-]+)\}").Select(match => match.Groups[1].Value));
        }

        foreach (string name in open)
        {
            Console.WriteLine(
                name == TinyImages.Name
                    ? $"# {{{name}}}: the folder of digits, which a run without --dry-run writes to {Path.Combine(folder.FullName, name)}"
                    : $"# {{{name}}}: give --{name} FOLDER"
            );
        }

        return ExitCode.Success;
    }

    /// <summary>Does the runs that are not done yet, and writes the result after each.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="dataOf">Gives the folders of the data sets that arguments name.</param>
    /// <param name="where">Arguments of <c>train</c> for threads and GPU.</param>
    /// <param name="machine">The same in words.</param>
    public int Run(Experiment experiment, Func<string, IReadOnlyDictionary<string, string>> dataOf, IReadOnlyList<string> where, string machine)
    {
        ExperimentRun[] runs = [.. Runs(experiment)];
        if (runs.Length == 0)
        {
            throw new ArgumentException(
                $"No row of {experiment.Name} matches --rows. Its rows: " + $"{string.Join("; ", experiment.RowsAt(scale).Select(row => row.FullName))}."
            );
        }

        IReadOnlyDictionary<string, string> data = dataOf(string.Concat(runs.Select(run => run.Command)));
        Console.WriteLine(TimeEstimate(experiment, runs, () => MeasureSteps([.. runs.Where(run => !run.IsDone)], data, where)));
        (int done, Stopwatch clock) = (0, Stopwatch.StartNew());
        // Once more as long as it did any: what another process had when it ended is left to the others.
        for (int before = -1; before < done; )
        {
            before = done;
            foreach ((int index, ExperimentRun run) in runs.Index().Where(entry => !entry.Item.IsDone))
            {
                string left = done == 0 ? "" : $", about {Math.Ceiling(clock.Elapsed.TotalMinutes / done * runs.Count(other => !other.IsDone))} min left";
                Console.WriteLine($"{experiment.Name}, run {index + 1} of {runs.Length}: {run.Row.FullName}, seed {run.Seed}{left}");
                int? code = run.Do(program, data, where);
                if (code is null)
                {
                    Console.WriteLine("another process is doing it");
                }
                else if (code != ExitCode.Success)
                {
                    return code.Value;
                }
                else
                {
                    done++;
                    Write(experiment, runs, machine);
                }
            }
        }

        // Other processes may have done some of the runs.
        string table = Write(experiment, runs, machine);
        Console.WriteLine();
        Console.WriteLine(table);
        Console.WriteLine($"The result is in {PathOf(experiment)}.md, .json and .svg; the runs are in {Path.Combine(folder.FullName, "runs")}.");
        return ExitCode.Success;
    }

    // From the finished runs of the table, from the first steps of its runs, or from typical runs at its scale.
    private string TimeEstimate(Experiment experiment, IReadOnlyList<ExperimentRun> runs, Func<double?>? measure = null)
    {
        double[] finished = [.. runs.Select(run => run.Result()).OfType<JsonElement>().Select(Measure.Seconds.Read).OfType<double>()];
        int left = runs.Count(run => !run.IsDone);
        // Tiny runs take no longer than the measurement; those of the paper's scale take hours to begin with.
        double? measured = finished.Length == 0 && left > 0 && scale == Scale.Small ? measure?.Invoke() : null;
        (double? all, string source) =
            finished.Length > 0 ? (left * finished.Average(), "estimated from the finished runs")
            : measured is not null ? (measured, "measured in the first steps on this machine")
            : scale == Scale.Tiny ? (left * UsualTinySeconds, "a guess until the first run is finished")
            : scale == Scale.Small ? (left * UsualSmallSeconds, "a guess for two CPU cores until the first run is finished")
            : ((double?)null, "");
        string time =
            left == 0 ? "no runs left"
            : all is { } seconds ? $"about {TimeText.Of(TimeSpan.FromSeconds(seconds))} for {left} runs, {source}"
            : $"{left} runs with the paper's recipe, each of which takes hours on a GPU; there is an estimate after the first run";
        return $"{experiment.Name}: {runs.Count} runs, {runs.Count - left} done; {time}.";
    }

    // The seconds of all runs. What there was no time to measure counts as the mean of the others; null if nothing was measured.
    private static double? MeasureSteps(IReadOnlyList<ExperimentRun> runs, IReadOnlyDictionary<string, string> data, IReadOnlyList<string> where)
    {
        Dictionary<string, double?> secondsOf = new(StringComparer.Ordinal);
        Stopwatch clock = Stopwatch.StartNew();
        foreach (IGrouping<string, ExperimentRun> alike in runs.GroupBy(run => run.Kind))
        {
            secondsOf[alike.Key] = clock.Elapsed < MeasuringTime ? alike.First().Estimate(data, where, LongestMeasurement) : null;
        }

        return secondsOf.Values.Average() is { } mean ? runs.Sum(run => run.Row.Models * (secondsOf[run.Kind] ?? mean)) : null;
    }

    // Seeds in the outer loop: a table that was stopped has about the same seeds in all rows.
    private IEnumerable<ExperimentRun> Runs(Experiment experiment) =>
        from seed in Enumerable.Range(1, seeds)
        from row in experiment.RowsAt(scale)
        where filters.Count == 0 || filters.Any(filter => row.FullName.Contains(filter, StringComparison.OrdinalIgnoreCase))
        select new ExperimentRun(experiment.Recipes[scale], row, seed, Path.Combine(folder.FullName, "runs"));

    private string PathOf(Experiment experiment) => Path.Combine(folder.FullName, $"{experiment.Name}-{scale.ToString().ToLowerInvariant()}");

    // Returns the table. Processes that share the folder write it in turn, so that the last one has all runs.
    private string Write(Experiment experiment, IEnumerable<ExperimentRun> runs, string machine)
    {
        using FileStream turn = ExperimentRun.WaitForLock(Path.Combine(folder.FullName, "runs", "results.lock"));
        ExperimentResult result = ExperimentResult.Of(experiment, scale, runs);
        string table = ResultMarkdown.Of(result, machine);
        string path = PathOf(experiment);
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
