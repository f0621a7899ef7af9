using System.Globalization;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>
/// The logs in a run's folder: <c>log.txt</c> for people and <c>log.jsonl</c> for programs, one JSON object per line with <c>time</c> (UTC) and <c>event</c>:
/// start, resume, epoch, checkpoint, warning, end. Both files are only appended to. If writing fails, logging stops with one warning.
/// </summary>
internal sealed class RunLog(string folder, Action<string> warn) : IDisposable
{
    private readonly Lock _lock = new();
    private bool _disabled;

    public void Started(object run) => Add("start", run, "started " + JsonSerializer.Serialize(run, Json.Log));

    public void Resumed(RunPosition position, string file) =>
        Add(
            "resume",
            new
            {
                Checkpoint = file,
                position.Epoch,
                position.Step,
            },
            Invariant($"resumed after epoch {position.Epoch}, step {position.Step} ({file})")
        );

    public void Ended(EpochMetrics epoch) => Add("epoch", epoch, Invariant($"epoch {epoch.Epoch}: {epoch.Summary()}"));

    public void Saved(RunPosition position) =>
        Add("checkpoint", new { position.Epoch, position.Step }, Invariant($"checkpoint after epoch {position.Epoch}, step {position.Step}"));

    public void Warning(string text) => Add("warning", new { Text = text }, "warning: " + text);

    public void Ended(TrainingEnd end, int epoch) =>
        Add("end", new { End = end, Epoch = epoch }, Invariant($"ended: {end}; the weights are those of epoch {epoch}"));

    public void Failed(Exception e) => Add("end", new { Error = e.Message, Type = e.GetType().FullName }, "ended: " + e.Message);

    public void Dispose() => _disabled = true;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Add(string kind, object what, string sentence)
    {
        string time = DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        Dictionary<string, object?> line = new() { ["time"] = time, ["event"] = kind };
        foreach (JsonProperty property in JsonSerializer.SerializeToElement(what, Json.Log).EnumerateObject())
        {
            line[property.Name] = property.Value;
        }

        lock (_lock)
        {
            if (_disabled)
            {
                return;
            }

            try
            {
                File.AppendAllText(Path.Combine(folder, "log.jsonl"), JsonSerializer.Serialize(line, Json.Log) + "\n");
                File.AppendAllText(Path.Combine(folder, "log.txt"), $"{time} {sentence}{Environment.NewLine}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _disabled = true;
                warn($"Cannot write the logs in '{folder}'; training continues without them. {e.Message}");
            }
        }
    }
}
