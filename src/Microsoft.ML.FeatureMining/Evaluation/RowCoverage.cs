namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>How many rows were measured, and why others were left out. <see cref="ToString"/> says it in one line.</summary>
public sealed class RowCoverage
{
    private const int Named = 5;

    private readonly bool _isMultilabel;

    internal RowCoverage(int measured, int unlabeled, int unreadable, IReadOnlyList<UnknownClass> unknown, bool isMultilabel = false)
    {
        (Measured, Unlabeled, Unreadable, UnknownClasses, _isMultilabel) = (measured, unlabeled, unreadable, unknown, isMultilabel);
    }

    /// <summary>The number of rows that the metrics are about.</summary>
    public int Measured { get; }

    /// <summary>The number of rows left out because they have no label.</summary>
    public int Unlabeled { get; }

    /// <summary>The number of rows left out because their image cannot be read.</summary>
    public int Unreadable { get; }

    /// <summary>
    /// Classes that the model does not know, by number of rows. Their rows are left out; of a multi-label row, only these labels are. Empty if the label column
    /// has keys and the names before the mapping are not known.
    /// </summary>
    public IReadOnlyList<UnknownClass> UnknownClasses { get; }

    /// <summary>The number of all rows.</summary>
    public int Total => Measured + LeftOut;

    /// <summary>The number of rows that were not measured.</summary>
    public int LeftOut => Unlabeled + Unreadable + (_isMultilabel ? 0 : UnknownRows);

    /// <summary>For example: 57 of 60 rows measured; left out: 2 of unknown classes (Pansy 2; the model has 'pansy'), 1 unreadable.</summary>
    public override string ToString()
    {
        string ignored = _isMultilabel && UnknownRows > 0 ? FormattableString.Invariant($"; labels of unknown classes were ignored: {Names}") : "";
        string[] reasons =
        [
            .. new (int Count, string What)[]
            {
                (_isMultilabel ? 0 : UnknownRows, $"of unknown classes ({Names})"),
                (Unreadable, "unreadable"),
                (Unlabeled, "without a label"),
            }
                .Where(reason => reason.Count > 0)
                .Select(reason => FormattableString.Invariant($"{reason.Count} {reason.What}")),
        ];
        return reasons.Length == 0
            ? FormattableString.Invariant($"{Measured} rows measured{ignored}")
            : FormattableString.Invariant($"{Measured} of {Total} rows measured; left out: {string.Join(", ", reasons)}{ignored}");
    }

    private int UnknownRows => UnknownClasses.Sum(entry => entry.Rows);

    private string Names =>
        string.Join(", ", UnknownClasses.Take(Named))
        + (UnknownClasses.Count > Named ? FormattableString.Invariant($" and {UnknownClasses.Count - Named} more") : "");
}

/// <summary>A class of some rows that the model does not know.</summary>
/// <param name="Name">The class.</param>
/// <param name="Rows">The number of rows of this class.</param>
/// <param name="Similar">The class of the model whose name differs only in case; null if there is none.</param>
public sealed record UnknownClass(string Name, int Rows, string? Similar)
{
    /// <summary>Name and rows, and the class that may be meant.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{Name} {Rows}{(Similar is null ? "" : $"; the model has '{Similar}', which differs in case")}");

    /// <summary>Sorted as in a report: those with most rows first.</summary>
    internal static IReadOnlyList<UnknownClass> Sorted(IEnumerable<UnknownClass> classes) =>
        [.. classes.OrderByDescending(entry => entry.Rows).ThenBy(entry => entry.Name, StringComparer.Ordinal)];

    /// <summary>The unknown classes of two sets of rows.</summary>
    internal static IReadOnlyList<UnknownClass> Merge(IEnumerable<UnknownClass> one, IEnumerable<UnknownClass> other) =>
        Sorted(
            one.Concat(other).GroupBy(entry => entry.Name, StringComparer.Ordinal).Select(group => group.First() with { Rows = group.Sum(entry => entry.Rows) })
        );
}
