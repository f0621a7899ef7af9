using System.Globalization;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>One set of settings and what it came to.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Settings">The varied settings: name and value, in the order of the parameters.</param>
public sealed record SweepTrial(int Number, IReadOnlyList<KeyValuePair<string, object>> Settings)
{
    /// <summary>What became of it.</summary>
    public TrialState State { get; init; }

    /// <summary>The score after each epoch so far.</summary>
    public IReadOnlyList<TrialEpoch> Curve { get; init; } = [];

    /// <summary>Seconds that it took so far.</summary>
    public double Seconds { get; init; }

    /// <summary>Why it failed; null where it did not.</summary>
    public string? Error { get; init; }

    /// <summary>Epochs done.</summary>
    public int Epochs => Curve.Count == 0 ? 0 : Curve[^1].Epoch;

    /// <summary>The best score so far, whose weights the model has; null before the first epoch.</summary>
    public double? Score => Curve.Count == 0 ? null : ScoreAt(Epochs);

    /// <summary>The best score up to an epoch.</summary>
    internal double ScoreAt(int epochs) => Curve.Where(epoch => epoch.Epoch <= epochs).Select(epoch => epoch.Score).DefaultIfEmpty(double.NegativeInfinity).Max();

    /// <summary>Whether it was trained for so many epochs, or to an end of its own before them.</summary>
    internal bool HasReached(int epochs) => State == TrialState.Completed || (State != TrialState.Interrupted && Epochs >= epochs);

    /// <summary>The one whose settings a sweep recommends; null where none came to the end of an epoch.</summary>
    internal static SweepTrial? Best(IEnumerable<SweepTrial> trials) => Ranked(trials).FirstOrDefault(trial => trial.Score is not null && trial.State != TrialState.Failed);

    /// <summary>The best first: those that came further, then those of the higher score; those that failed last.</summary>
    internal static IEnumerable<SweepTrial> Ranked(IEnumerable<SweepTrial> trials) => trials
        .OrderBy(trial => trial.State == TrialState.Failed)
        .ThenByDescending(trial => trial.State == TrialState.Completed ? int.MaxValue : trial.Epochs)
        .ThenByDescending(trial => trial.Score ?? double.NegativeInfinity)
        .ThenBy(trial => trial.Number);
}

/// <summary>What became of a trial.</summary>
public enum TrialState
{
    /// <summary>Begun, and stopped by the sweep's end or by the end of the process.</summary>
    Interrupted,

    /// <summary>Trained up to a rung and not chosen to go on.</summary>
    Paused,

    /// <summary>Trained to its end.</summary>
    Completed,

    /// <summary>Ended by an error.</summary>
    Failed,
}

/// <summary>The trials of a sweep as comma-separated values (RFC 4180), the best first.</summary>
internal static class SweepTable
{
    private static readonly string[] Fixed = ["trial", "state", "epochs", "score", "seconds", "error"];

    public static string ToCsv(IReadOnlyList<SweepParameter> parameters, IReadOnlyList<SweepTrial> trials)
    {
        IEnumerable<IEnumerable<string>> rows = SweepTrial.Ranked(trials).Select(trial => Cells(trial).Concat(trial.Settings.Select(setting => ChoiceParameter.TextOf(setting.Value))));
        return string.Concat(rows.Prepend(Fixed.Concat(parameters.Select(parameter => parameter.Name))).Select(row => string.Join(',', row.Select(Quote)) + "\r\n"));
    }

    /// <summary>A value for people: numbers to three digits.</summary>
    public static string Text(object value) => value is double number ? number.ToString("G3", CultureInfo.InvariantCulture) : ChoiceParameter.TextOf(value);

    private static IEnumerable<string> Cells(SweepTrial trial) =>
    [
        Of(trial.Number), trial.State.ToString(), Of(trial.Epochs), trial.Score is { } score ? Of(score) : "", trial.Seconds.ToString("F1", CultureInfo.InvariantCulture), trial.Error ?? "",
    ];

    private static string Of(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static string Quote(string text) => text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
