namespace Microsoft.ML.FeatureMining.Data;

/// <summary>What is wrong with a text file, and where.</summary>
internal static class TextFault
{
    public static InvalidDataException At(string path, int line, string what) => new(FormattableString.Invariant($"'{path}', line {line}: {what}"));
}
