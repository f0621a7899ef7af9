namespace Samples.Reproduce;

/// <summary>One table or figure of a paper, as runs of this program.</summary>
/// <param name="Paper">The paper's key on the command line.</param>
/// <param name="Key">The table's key on the command line.</param>
/// <param name="Title">What it compares.</param>
internal sealed record Experiment(string Paper, string Key, string Title)
{
    /// <summary>What is measured, in the order of <see cref="Row.Published"/>; the first is what differences are taken of.</summary>
    public required IReadOnlyList<Measure> Measures { get; init; }

    /// <summary>How each scale is trained.</summary>
    public required IReadOnlyDictionary<Scale, Recipe> Recipes { get; init; }

    public required IReadOnlyList<Row> Rows { get; init; }

    /// <summary>Whether the paper shows validation accuracy over the epochs.</summary>
    public bool Curves { get; init; }

    /// <summary>What the reader of the result must know, e.g. what of the paper's table is left out.</summary>
    public string? Note { get; init; }

    /// <summary>The rows under their names at a scale.</summary>
    public IReadOnlyList<Row> RowsAt(Scale scale) => [.. Rows.Select(row => row with { Group = row.Group is { } group ? Recipes[scale].Replace(group) : null })];

    public string Name => $"{Paper}-{Key}";
}
