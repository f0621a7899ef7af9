using System.Globalization;

namespace Microsoft.ML.FeatureMining.Sweeps;

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
