namespace Samples.Reproduce;

/// <summary>Names in braces that stand for something else.</summary>
internal static class Placeholders
{
    /// <summary>A text with what each <c>{name}</c> stands for in its place; names that are not there stay.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values) =>
        values.Aggregate(text, (filled, entry) => filled.Replace($"{{{entry.Key}}}", entry.Value, StringComparison.Ordinal));
}
