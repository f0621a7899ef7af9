using System.Text;
using System.Text.Json;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>
/// All trials of a sweep in a file, a line of JSON each time that one changes, the last line on a trial being the one that counts. A line is on the disk before the sweep goes on; one that was cut
/// off by the end of the process is cut away when the journal is opened again.
/// </summary>
internal sealed class SweepJournal : IDisposable
{
    public const string FileName = "sweep.jsonl";

    private readonly FileStream _file;
    private readonly IReadOnlyList<SweepParameter> _parameters;
    private readonly List<SweepTrial> _trials = [];

    /// <param name="folder">Made where it is not there.</param>
    /// <param name="key">What the sweep is; a journal of another is refused.</param>
    /// <param name="parameters">What varies.</param>
    /// <exception cref="IOException">The file cannot be written, or another process has it.</exception>
    /// <exception cref="InvalidDataException">The folder holds another sweep, or the journal is damaged; the message says on which line.</exception>
    public SweepJournal(string folder, string key, IReadOnlyList<SweepParameter> parameters)
    {
        _parameters = parameters;
        Directory.CreateDirectory(folder);
        _file = new FileStream(Path.Combine(folder, FileName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            Read(key);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>In the order of their numbers.</summary>
    public IReadOnlyList<SweepTrial> Trials => _trials;

    public void Write(SweepTrial trial)
    {
        Keep(trial);
        Append(TrialLine.Write(trial));
    }

    public void Dispose() => _file.Dispose();

    private void Read(string key)
    {
        byte[] bytes = new byte[_file.Length];
        _file.ReadExactly(bytes);
        int whole = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        _file.SetLength(whole);
        string[] lines = Encoding.UTF8.GetString(bytes, 0, whole).Split('\n', StringSplitOptions.RemoveEmptyEntries);
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
                    Keep(TrialLine.Read(lines[i], _parameters));
                }
                else if (JsonSerializer.Deserialize<string>(lines[i]) != key)
                {
                    throw new InvalidDataException($"'{_file.Name}' is of another sweep: of other parameters, options or seed. Take another folder.");
                }
            }
            catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
            {
                throw new InvalidDataException($"'{_file.Name}', line {i + 1}: {e.Message}", e);
            }
        }
    }

    private void Keep(SweepTrial trial)
    {
        if (trial.Number > _trials.Count)
        {
            throw new FormatException($"Trial {trial.Number} comes before trial {_trials.Count}.");
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
