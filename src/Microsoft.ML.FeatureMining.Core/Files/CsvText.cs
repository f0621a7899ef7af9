namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Fields of a CSV file (RFC 4180).</summary>
internal static class CsvText
{
    /// <summary>The field, in quotes where it needs them.</summary>
    public static string Of(string field) =>
        field.AsSpan().IndexOfAny(",\"\r\n") >= 0 || field.Trim().Length < field.Length
            ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
            : field;
}
