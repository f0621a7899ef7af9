namespace Microsoft.ML.FeatureMining.Parts;

/// <summary>Matches names that users type against known names.</summary>
internal static class Spelling
{
    /// <summary>Lowercase with hyphens: <c>Random_Erasing</c> becomes <c>random-erasing</c>.</summary>
    public static string Hyphenated(string name) => name.Replace('_', '-').ToLowerInvariant();

    /// <summary>" Did you mean 'mixup'?" if a known name is similar, otherwise empty.</summary>
    public static string Hint(string name, IEnumerable<string> known) => Nearest(name, known) is { } near ? $" Did you mean '{near}'?" : "";

    /// <summary>The known name with the smallest edit distance, if it is at most a third of the length (two for short names); otherwise null.</summary>
    public static string? Nearest(string name, IEnumerable<string> known)
    {
        string wanted = Hyphenated(name);
        (string Name, int Edits)? best = known
            .Select(candidate => (Name: candidate, Edits: Edits(wanted, Hyphenated(candidate))))
            .OrderBy(entry => entry.Edits)
            .Select(entry => ((string, int)?)entry)
            .FirstOrDefault();
        return best is { } nearest && nearest.Edits <= MaxEdits(wanted) ? nearest.Name : null;
    }

    // Two swapped letters are two edits.
    private static int MaxEdits(string name) => name.Length <= 3 ? 1 : Math.Max(2, name.Length / 3);

    // Levenshtein distance.
    private static int Edits(string one, string other)
    {
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int edits = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (one[i - 1] == other[j - 1] ? 0 : 1));
                (diagonal, row[j]) = (row[j], edits);
            }
        }

        return row[^1];
    }
}
