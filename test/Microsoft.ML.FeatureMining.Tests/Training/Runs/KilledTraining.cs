using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Training.Runs;

/// <summary>One training of the test program RandomTraining: undisturbed, and killed at random moments until it ends.</summary>
/// <param name="seed">The seed of the settings and of the moments.</param>
/// <param name="world">The most processes that train together; each start draws how many.</param>
internal sealed class KilledTraining(int seed, int world) : IDisposable
{
    private const string Whole = "whole";
    private const string Killed = "killed";
    private const int KilledExitCode = 128 + 9;

    private readonly TemporaryFolder _folder = new();
    private readonly Random _random = new(seed);
    private TimeSpan _duration;

    /// <summary>The settings of the training.</summary>
    public string Settings { get; private set; } = "";

    public KillCounts Counts { get; private set; }

    /// <summary>Kills the training that often, and returns what differs from the undisturbed one; null if nothing does.</summary>
    public string? Failure(int kills)
    {
        Stopwatch watch = Stopwatch.StartNew();
        if (RunToEnd(Whole, ranks: 1) is { } broken)
        {
            return broken;
        }

        _duration = watch.Elapsed;
        string[] expected = Result(Whole);
        while (Counts.Kills < kills)
        {
            // The last third dies while it saves the model.
            bool saves = Counts.Kills >= kills * 2 / 3;
            if (Counts.Starts > 5 * kills)
            {
                return "it ends before it can be killed";
            }

            string? failure = StartAndKill(saves, out bool ended);
            if (failure is null && ended)
            {
                failure = Difference(expected);
                Directory.Delete(_folder[Killed], recursive: true);
            }

            if (failure is not null)
            {
                return failure;
            }
        }

        return RunToEnd(Killed, Ranks()) ?? Difference(expected);
    }

    public void Dispose() => _folder.Dispose();

    private string? RunToEnd(string name, int ranks)
    {
        using StartedProgram program = Start(name, ranks);
        int code = program.End();
        Settings = program.Text.Split('\n').FirstOrDefault(line => line.Contains(", strategies ", StringComparison.Ordinal)) ?? "";
        return code == 0 ? null : $"exit code {code}: {program.Text}";
    }

    /// <summary>Starts the training and kills it. <paramref name="ended"/>: it ended first.</summary>
    private string? StartAndKill(bool saves, out bool ended)
    {
        int ranks = Ranks();
        Directory.CreateDirectory(_folder[Killed]);
        using NewFiles files = new(_folder[Killed], count: _random.Next(1, 9));
        using StartedProgram program = Start(Killed, ranks);
        bool atFile = _random.Next(2) == 0;
        TimeSpan delay = _duration * (0.8 * _random.NextDouble());
        int pause = _random.Next(saves ? 150 : 5);
        Stopwatch watch = Stopwatch.StartNew();
        // Until all ranks have said who they are, there is no process to kill.
        while (
            !program.HasEnded
            && (
                Enumerable.Range(0, ranks).Any(rank => program.ProcessOf(rank) is null)
                || (
                    saves ? !IsSaving(program)
                    : atFile ? !files.AreThere
                    : watch.Elapsed < delay
                )
            )
        )
        {
            Thread.Sleep(1);
        }

        Thread.Sleep(saves || atFile ? pause : 0);
        bool hit = Kill(program, ranks);
        int code = program.End();
        ended = code == 0;
        Counts += new KillCounts { Starts = 1 };
        if (!hit || (ranks == 1 && code != KilledExitCode))
        {
            return ended ? null : $"exit code {code}: {program.Text}";
        }

        if (!ended)
        {
            Counts += new KillCounts
            {
                Kills = 1,
                InJobs = ranks > 1 ? 1 : 0,
                BeforeCheckpoints = Files(Killed, "*.ckpt").Length == 0 ? 1 : 0,
                WhileWriting = Enumerable.Range(0, ranks).Any(rank => Files(Killed, $"*-{program.ProcessOf(rank)}-*.tmp").Length > 0) ? 1 : 0,
                WhileSaving = IsSaving(program) ? 1 : 0,
            };
        }

        return null;
    }

    private bool Kill(StartedProgram program, int ranks)
    {
        int first = _random.Next(ranks);
        bool both = _random.Next(2) == 0;
        bool hit = false;
        foreach (int rank in both ? Enumerable.Range(0, ranks) : [first])
        {
            try
            {
                using Process process = Process.GetProcessById(program.ProcessOf(rank) ?? 0);
                hit |= !process.HasExited;
                process.Kill();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended.
            }
        }

        return hit;
    }

    private static bool IsSaving(StartedProgram program) => program.Text.Contains("\nsaving", StringComparison.Ordinal);

    private int Ranks() => _random.Next(1, world + 1);

    private StartedProgram Start(string name, int ranks)
    {
        string[] arguments = [seed.ToString(CultureInfo.InvariantCulture), _folder["shared"], _folder[name]];
        string temporary = Directory.CreateDirectory(Path.Combine(_folder[name], "temporary")).FullName;
        (string, string)[] environment =
        [
            ("OMP_NUM_THREADS", "1"),
            ("TMPDIR", temporary),
            ("TMP", temporary),
            // .NET and Open MPI leave files of their own there when they are killed.
            ("DOTNET_EnableDiagnostics", "0"),
            ("OMPI_MCA_orte_tmpdir_base", Directory.CreateDirectory(_folder["mpi"]).FullName),
        ];
        return ranks == 1
            ? StartedProgram.Start("RandomTraining", arguments, environment)
            : StartedProgram.StartRanks(StartedProgram.OpenMpi, ranks, "RandomTraining", arguments, environment);
    }

    private string? Difference(string[] expected)
    {
        string[] found = Result(Killed);
        string[] missing = [.. expected.Except(found)],
            other = [.. found.Except(expected)];
        return found.SequenceEqual(expected) ? null : $"expected {string.Join(", ", missing)}; found {string.Join(", ", other)} in {string.Join(", ", found)}";
    }

    /// <summary>All files that a training left, with hashes of what is in the model.</summary>
    private string[] Result(string name) =>
        [
            .. Files(name, "*")
                .SelectMany(file => Describe(_folder[name], file))
                .Concat(Directory.GetDirectories(Path.Combine(_folder[name], "temporary")).Select(folder => Path.GetRelativePath(_folder[name], folder)))
                .Order(StringComparer.Ordinal),
        ];

    private static IEnumerable<string> Describe(string folder, string file)
    {
        string path = Path.GetRelativePath(folder, file);
        if (!path.StartsWith("model" + Path.DirectorySeparatorChar, StringComparison.Ordinal))
        {
            // Checkpoints have the number of their step, which depends on where the run was resumed; how many remain does not.
            yield return Regex.Replace(path, @"checkpoint-\d{6}-\d{9}\.ckpt$", "checkpoint");
        }
        else if (path.EndsWith(".zip", StringComparison.Ordinal))
        {
            using ZipArchive zip = ZipFile.OpenRead(file);
            foreach (ZipArchiveEntry entry in zip.Entries)
            {
                using Stream content = entry.Open();
                // It has a hash of the manifest.
                yield return entry.Name == "Model.key" ? $"{path}/{entry.FullName}" : $"{path}/{entry.FullName} {Hash(entry.Name, content)}";
            }
        }
        else
        {
            using FileStream content = File.OpenRead(file);
            yield return $"{path} {Hash(file, content)}";
        }
    }

    // The seconds of each epoch are all that may differ. In an ONNX file, which has the manifest after the network, they also change lengths.
    private static string Hash(string name, Stream content)
    {
        using MemoryStream copy = new();
        content.CopyTo(copy);
        string text = Encoding.Latin1.GetString(copy.ToArray());
        text = Path.GetExtension(name) switch
        {
            ".json" => Regex.Replace(text, "\"seconds\": [^,\n]*", ""),
            ".onnx" => text[..(text.IndexOf("[{\"format_version\"", StringComparison.Ordinal) - 64)],
            _ => text,
        };
        return Convert.ToHexString(SHA256.HashData(Encoding.Latin1.GetBytes(text)));
    }

    private string[] Files(string name, string pattern) => Directory.GetFiles(_folder[name], pattern, SearchOption.AllDirectories);

    /// <summary>Counts the files that are created or renamed in a folder.</summary>
    private sealed class NewFiles : IDisposable
    {
        private readonly FileSystemWatcher _watcher;
        private int _left;

        public NewFiles(string folder, int count)
        {
            _left = count;
            _watcher = new FileSystemWatcher(folder) { IncludeSubdirectories = true, NotifyFilter = NotifyFilters.FileName };
            _watcher.Created += (_, _) => Interlocked.Decrement(ref _left);
            _watcher.Renamed += (_, _) => Interlocked.Decrement(ref _left);
            _watcher.EnableRaisingEvents = true;
        }

        /// <summary>Whether there have been that many.</summary>
        public bool AreThere => Volatile.Read(ref _left) <= 0;

        public void Dispose() => _watcher.Dispose();
    }
}

/// <summary>How often trainings were started and killed, and in which moments. A kill may be in several.</summary>
internal readonly record struct KillCounts
{
    public int Starts { get; init; }

    public int Kills { get; init; }

    /// <summary>Of two processes.</summary>
    public int InJobs { get; init; }

    public int BeforeCheckpoints { get; init; }

    public int WhileWriting { get; init; }

    public int WhileSaving { get; init; }

    public static KillCounts operator +(KillCounts one, KillCounts other) =>
        new()
        {
            Starts = one.Starts + other.Starts,
            Kills = one.Kills + other.Kills,
            InJobs = one.InJobs + other.InJobs,
            BeforeCheckpoints = one.BeforeCheckpoints + other.BeforeCheckpoints,
            WhileWriting = one.WhileWriting + other.WhileWriting,
            WhileSaving = one.WhileSaving + other.WhileSaving,
        };

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Kills} kills in {Starts} starts: {InJobs} in jobs of two processes, {BeforeCheckpoints} before the first checkpoint, {WhileWriting} while a file was written, "
                + $"{WhileSaving} while the model was saved"
        );
}
