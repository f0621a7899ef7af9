using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// The journal file of a sweep: one JSON line per change of a trial; the last line of a trial is valid. Several processes may run the same sweep: each reads
/// and writes the journal while it holds the lock of the folder, and trains a trial while it holds the lock of the trial. The operating system releases both
/// when a process ends. Each line is flushed to disk before the sweep continues. If a process was killed while writing, the next one removes the truncated
/// line.
/// </summary>
internal sealed class SweepJournal
{
    public const string FileName = "sweep.jsonl";

    // The lock is held while lines are read and written, and while checkpoints are deleted.
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(2);

    private readonly string _folder;
    private readonly string _path;
    private readonly string _key;
    private readonly IReadOnlyList<SweepParameter> _parameters;
    private readonly List<SweepTrial> _trials = [];
    private long _read;
    private int _lines;

    /// <param name="folder">The folder; created if it does not exist.</param>
    /// <param name="key">Identifies the sweep; the journal of another sweep is rejected.</param>
    /// <param name="parameters">The parameters of the sweep.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="InvalidDataException">The folder belongs to another sweep, or the journal is corrupt; the message has the line.</exception>
    public SweepJournal(string folder, string key, IReadOnlyList<SweepParameter> parameters)
    {
        (_folder, _path, _key, _parameters) = (folder, Path.Combine(folder, FileName), key, parameters);
        Directory.CreateDirectory(folder);
        Hold(() => 0);
    }

    /// <summary>All trials in the order of their numbers, as of the last <see cref="Hold"/>.</summary>
    public IReadOnlyList<SweepTrial> Trials => _trials;

    /// <summary>Reads what other processes have written, and acts while they wait.</summary>
    public T Hold<T>(Func<T> act)
    {
        using FolderLock held = FolderLock.Wait(_folder, "sweep", LongestWait);
        Read();
        return act();
    }

    /// <summary>Writes a trial. Call it within <see cref="Hold"/>.</summary>
    public void Write(SweepTrial trial)
    {
        Store(trial);
        using FileStream file = Open();
        Append(file, TrialLine.Write(trial));
    }

    /// <summary>Takes a trial to train it, until the result is disposed; null if another process is training it.</summary>
    public IDisposable? TryClaim(SweepTrial trial) =>
        FolderLock.Try(Directory.CreateDirectory(Path.Combine(_folder, "claims", trial.Number.ToString(CultureInfo.InvariantCulture))).FullName, "trial");

    // A file that is opened anew shows what other machines have written to a network file system.
    private void Read()
    {
        using FileStream file = Open();
        byte[] bytes = new byte[file.Length - _read];
        file.Seek(_read, SeekOrigin.Begin);
        file.ReadExactly(bytes);
        int complete = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        foreach (string line in Encoding.UTF8.GetString(bytes, 0, complete).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            _lines++;
            try
            {
                if (_lines > 1)
                {
                    Store(TrialLine.Read(line, _parameters));
                }
                else if (JsonSerializer.Deserialize<string>(line) != _key)
                {
                    throw Foreign();
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException($"'{_path}', line {_lines}: {e.Message}", e);
            }
        }

        string first = JsonSerializer.Serialize(_key);
        if (_lines == 0 && !Encoding.UTF8.GetBytes(first).AsSpan().StartsWith(bytes))
        {
            throw Foreign();
        }

        // Truncates only a journal of this sweep.
        _read += complete;
        if (complete < bytes.Length)
        {
            file.SetLength(_read);
        }

        if (_lines == 0)
        {
            Append(file, first);
        }
    }

    private InvalidDataException Foreign() => new($"'{_path}' belongs to another sweep with other parameters, options or seed. Use another folder.");

    private void Store(SweepTrial trial)
    {
        if (trial.Number > _trials.Count)
        {
            throw new FormatException($"Trial {trial.Number} appears before trial {_trials.Count}.");
        }

        if (trial.Number == _trials.Count)
        {
            _trials.Add(trial);
        }
        else
        {
            _trials[trial.Number] = trial;
        }
    }

    private void Append(FileStream file, string line)
    {
        file.Seek(0, SeekOrigin.End);
        file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        file.Flush(flushToDisk: true);
        (_read, _lines) = (file.Length, _lines + 1);
    }

    private FileStream Open() => new(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
}

/// <summary>Converts a trial to and from a line of the journal.</summary>
internal static class TrialLine
{
    public static string Write(SweepTrial trial)
    {
        string[] settings = [.. trial.Settings.Select(setting => ChoiceParameter.TextOf(setting.Value))];
        double[][] curve = [.. trial.Curve.Select(epoch => new[] { epoch.Epoch, epoch.Score })];
        return JsonSerializer.Serialize(new Line(trial.Number, trial.State, settings, curve, trial.Seconds, trial.Error), Json.State);
    }

    /// <exception cref="JsonException">The line is not valid JSON of a trial.</exception>
    /// <exception cref="FormatException">The line does not match the parameters.</exception>
    public static SweepTrial Read(string text, IReadOnlyList<SweepParameter> parameters)
    {
        Line line = JsonSerializer.Deserialize<Line>(text, Json.State) ?? throw new FormatException("The line is empty.");
        if (line.Settings?.Length != parameters.Count || line.Curve is null || line.Curve.Any(epoch => epoch is not { Length: 2 }))
        {
            throw new FormatException($"Expected a trial with {parameters.Count} settings and its curve.");
        }

        return new SweepTrial(
            line.Trial,
            [.. parameters.Zip(line.Settings, (parameter, setting) => KeyValuePair.Create(parameter.Name, parameter.Parse(setting)))]
        )
        {
            State = line.State,
            Curve = [.. line.Curve.Select(epoch => new TrialEpoch((int)epoch[0], epoch[1]))],
            Seconds = line.Seconds,
            Error = line.Error,
        };
    }

    private sealed record Line(
        int Trial,
        TrialState State,
        string[] Settings,
        double[][] Curve,
        double Seconds,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null
    );
}

/// <summary>The score of a trial after an epoch.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Score">The validation accuracy, in [0, 1].</param>
public readonly record struct TrialEpoch(int Epoch, double Score);
