namespace Microsoft.ML.FeatureMining.MlNet;

/// <summary>Errors about a column of the input, in the words of ML.NET's own trainers.</summary>
internal static class ColumnError
{
    public static ArgumentOutOfRangeException NotFound(string role, string name) => new("inputSchema", $"Could not find {role} column '{name}'");

    public static ArgumentOutOfRangeException Mismatch(string role, string name, string expected, string actual) =>
        new("inputSchema", $"Schema mismatch for {role} column '{name}': expected {expected}, got {actual}");
}
