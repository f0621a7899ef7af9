using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Samples.Reproduce;

/// <summary>One row with one seed. Its report is its result: a run whose report is there is done, whichever table asked for it.</summary>
internal sealed class ExperimentRun
{
    // Apart from the seeds of single models.
    private const int SeedsOfAnEnsemble = 1000;

    private readonly string _arguments;
    private readonly string _test;
    private readonly string _report;

    /// <param name="recipe">What the rows share.</param>
    /// <param name="row">The row.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="folder">Where the reports of all runs are.</param>
    public ExperimentRun(Recipe recipe, Row row, int seed, string folder)
    {
        (Row, Seed, _arguments, _test) = (row, seed, recipe.Of(row), recipe.Test);
        _report = Path.Combine(folder, $"{Hash($"{row.Models} {Canonical(_arguments)}")}-seed-{Text(seed)}.json");
    }

    public Row Row { get; }

    public int Seed { get; }

    /// <summary>The name of the run's report.</summary>
    public string Name => Path.GetFileName(_report);

    public bool IsDone => File.Exists(_report);

    /// <summary>The command of the run's training, with data sets in braces.</summary>
    public string Command => $"train {_arguments} --seed {Text(Row.Models == 1 ? Seed : SeedsOfAnEnsemble * Seed)}";

    /// <summary>What the run measured; null where it is not done.</summary>
    public JsonElement? Result() => IsDone ? JsonElement.Parse(File.ReadAllText(_report)) : null;

    /// <summary>Does the run, going on where it was stopped.</summary>
    /// <param name="program">Runs a command line of this program and returns its exit code.</param>
    /// <param name="data">Folders of the data sets.</param>
    /// <param name="machine">Arguments of <c>train</c> that say where it runs.</param>
    /// <returns>The exit code; null where another process has the run in hand.</returns>
    public int? Do(Func<string[], int> program, IReadOnlyDictionary<string, string> data, IReadOnlyList<string> machine)
    {
        string work = Path.ChangeExtension(_report, ".work");
        Directory.CreateDirectory(work);
        using FileStream? mine = TryLock(Path.Combine(work, "lock"));
        if (mine is null)
        {
            return null;
        }

        foreach (string[] step in IsDone ? [] : Row.Models == 1 ? [[.. Train(Seed), "--report", _report]] : Ensemble())
        {
            if (program([.. step.Select(argument => Placeholders.Fill(argument, data))]) is not ExitCode.Success and int code)
            {
                return code;
            }
        }

        Directory.Delete(work, recursive: true);
        return ExitCode.Success;

        IEnumerable<string> Train(int seed) => ["train", .. Words(_arguments), .. machine, "--seed", Text(seed), "--workspace", Path.Combine(work, Text(seed))];

        IEnumerable<string[]> Ensemble()
        {
            string[] models = [.. Enumerable.Range(0, Row.Models).Select(i => Path.Combine(work, $"{Text(i)}.zip"))];
            string ensemble = Path.Combine(work, "ensemble.zip");
            IEnumerable<string[]> missing = models.Index().Where(model => !File.Exists(model.Item)).Select(model => (string[])[.. Train(SeedsOfAnEnsemble * Seed + model.Index), "--model", model.Item]);
            return [.. missing, ["ensemble", .. models.SelectMany(model => new[] { "--model", model }), "--out", ensemble], ["evaluate", "--model", ensemble, .. Words($"--{_test}"), "--report", _report]];
        }
    }

    // Held by the process and no longer than it lives: one that was killed leaves nothing locked.
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

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    // Options in another order are the same run.
    private static string Canonical(string arguments) => string.Concat(Recipe.Options(arguments).Order(StringComparer.Ordinal).Select(option => $" --{option}"));

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
