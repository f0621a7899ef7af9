using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// The journal file of a sweep: one JSON line per change of a trial; the last line of a trial is valid. Each line is flushed to disk before the sweep
/// continues. If the process was killed while writing, the truncated last line is removed when the journal is opened again.
/// </summary>
internal sealed class SweepJournal : IDisposable
{
    public const string FileName = "sweep.jsonl";

    private readonly FolderLock _lock;
    private readonly FileStream _file;
    private readonly IReadOnlyList<SweepParameter> _parameters;
    private readonly List<SweepTrial> _trials = [];

    /// <param name="folder">The folder; created if it does not exist.</param>
    /// <param name="key">Identifies the sweep; the journal of another sweep is rejected.</param>
    /// <param name="parameters">The parameters of the sweep.</param>
    /// <exception cref="IOException">The file cannot be written, or another process is running the sweep.</exception>
    /// <exception cref="InvalidDataException">The folder belongs to another sweep, or the journal is corrupt; the message has the line.</exception>
    public SweepJournal(string folder, string key, IReadOnlyList<SweepParameter> parameters)
    {
        _parameters = parameters;
        Directory.CreateDirectory(folder);
        _lock = new FolderLock(folder, "sweep");
        try
        {
            _file = new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            Read(key);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>All trials in the order of their numbers.</summary>
    public IReadOnlyList<SweepTrial> Trials => _trials;

    public void Write(SweepTrial trial)
    {
        Store(trial);
        Append(TrialLine.Write(trial));
    }

    public void Dispose()
    {
        _file?.Dispose();
        _lock.Dispose();
    }

    private void Read(string key)
    {
        byte[] bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        int complete = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        _file.SetLength(complete);
        string[] lines = Encoding.UTF8.GetString(bytes, 0, complete).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length == 0)
        {
            Append(JsonSerializer.Serialize(key));
            return;
        }

        for (int i = 0; i < lines.Length; i++)
        {
            try
            {
                if (i > 0)
                {
                    Store(TrialLine.Read(lines[i], _parameters));
                }
                else if (JsonSerializer.Deserialize<string>(lines[i]) != key)
                {
                    throw new InvalidDataException($"'{_file.Name}' belongs to another sweep with other parameters, options or seed. Use another folder.");
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException($"'{_file.Name}', line {i + 1}: {e.Message}", e);
            }
        }
    }

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

    private void Append(string line)
    {
        _file.Seek(0, SeekOrigin.End);
        _file.Write(Encoding.UTF8.GetBytes(line + "\n"));
        _file.Flush(flushToDisk: true);
    }
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
