using System.Globalization;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>One trial of a sweep: its settings and its result.</summary>
/// <param name="Number">The number of the trial, from 0.</param>
/// <param name="Settings">Name and value of each parameter, in the order of the parameters.</param>
public sealed record SweepTrial(int Number, IReadOnlyList<KeyValuePair<string, object>> Settings)
{
    /// <summary>The state of the trial.</summary>
    public TrialState State { get; init; }

    /// <summary>The score after each epoch so far.</summary>
    public IReadOnlyList<TrialEpoch> Curve { get; init; } = [];

    /// <summary>The training time so far, in seconds.</summary>
    public double Seconds { get; init; }

    /// <summary>The error message of a failed trial; otherwise null.</summary>
    public string? Error { get; init; }

    /// <summary>The number of completed epochs.</summary>
    public int Epochs => Curve.Count == 0 ? 0 : Curve[^1].Epoch;

    /// <summary>The best score so far, in [0, 1]; null before the first epoch. The model has the weights of this epoch.</summary>
    public double? Score => Curve.Count == 0 ? null : ScoreAt(Epochs);

    /// <summary>The best score up to an epoch.</summary>
    internal double ScoreAt(int epochs) =>
        Curve.Where(epoch => epoch.Epoch <= epochs).Select(epoch => epoch.Score).DefaultIfEmpty(double.NegativeInfinity).Max();

    /// <summary>Whether the trial was trained for this many epochs, or has completed.</summary>
    internal bool HasReached(int epochs) => State == TrialState.Completed || (State != TrialState.Interrupted && Epochs >= epochs);

    /// <summary>The trial with the best settings; null if no trial completed an epoch.</summary>
    internal static SweepTrial? Best(IEnumerable<SweepTrial> trials) =>
        Ranked(trials).FirstOrDefault(trial => trial.Score is not null && trial.State != TrialState.Failed);

    /// <summary>Sorted by epochs, then by score, in descending order; failed trials last.</summary>
    internal static IEnumerable<SweepTrial> Ranked(IEnumerable<SweepTrial> trials) =>
        trials
            .OrderBy(trial => trial.State == TrialState.Failed)
            .ThenByDescending(trial => trial.State == TrialState.Completed ? int.MaxValue : trial.Epochs)
            .ThenByDescending(trial => trial.Score ?? double.NegativeInfinity)
            .ThenBy(trial => trial.Number);
}

/// <summary>The state of a trial.</summary>
public enum TrialState
{
    /// <summary>Started, then interrupted by the end of the sweep or of the process.</summary>
    Interrupted,

    /// <summary>Trained up to a rung and not promoted so far.</summary>
    Paused,

    /// <summary>Trained to the end.</summary>
    Completed,

    /// <summary>Ended with an error.</summary>
    Failed,
}

/// <summary>The trials of a sweep as CSV (RFC 4180), the best first.</summary>
internal static class SweepTable
{
    private static readonly string[] TrialColumns = ["trial", "state", "epochs", "score", "seconds", "error"];

    public static string ToCsv(IReadOnlyList<SweepParameter> parameters, IReadOnlyList<SweepTrial> trials)
    {
        IEnumerable<IEnumerable<string>> rows = SweepTrial
            .Ranked(trials)
            .Select(trial => Cells(trial).Concat(trial.Settings.Select(setting => ChoiceParameter.TextOf(setting.Value))));
        return string.Concat(
            rows.Prepend(TrialColumns.Concat(parameters.Select(parameter => parameter.Name))).Select(row => string.Join(',', row.Select(CsvText.Of)) + "\r\n")
        );
    }

    /// <summary>A value for display; numbers with three digits.</summary>
    public static string Text(object value) => value is double number ? number.ToString("G3", CultureInfo.InvariantCulture) : ChoiceParameter.TextOf(value);

    private static IEnumerable<string> Cells(SweepTrial trial) =>
        [
            Of(trial.Number),
            trial.State.ToString(),
            Of(trial.Epochs),
            trial.Score is { } score ? Of(score) : "",
            trial.Seconds.ToString("F1", CultureInfo.InvariantCulture),
            trial.Error ?? "",
        ];

    private static string Of(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
