using System.Text.RegularExpressions;

namespace Package.Tests;

/// <summary>What a README tells its readers to type.</summary>
internal static class Readme
{
    /// <summary>The blocks of C#.</summary>
    public static IEnumerable<string> Programs(string markdown) => Regex.Matches(markdown, "```csharp\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value);
}
