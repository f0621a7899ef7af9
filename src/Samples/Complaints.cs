using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML.FeatureMining.Parts;

namespace Samples;

/// <summary>What is wrong with a command line: one sentence for each mistake.</summary>
internal static class Complaints
{
    public static IReadOnlyList<string> Of(ParseResult parsed)
    {
        Command verb = parsed.CommandResult.Command;
        string[] unknown = [.. parsed.UnmatchedTokens.Where(IsOption)];
        // What follows from a misspelled option (its value, a missing required option) is not another mistake.
        return unknown.Length > 0 ? [.. unknown.Select(option => UnknownOption(verb, option))]
            : parsed.UnmatchedTokens.Count > 0 ? [$"'{parsed.UnmatchedTokens[0]}' belongs to no option of '{verb.Name}'. Quote a value that has spaces."]
            : [.. parsed.Errors.Select(TextOf).Distinct(StringComparer.Ordinal)];
    }

    // Only an empty text is not a path. The parser's own error would name a .NET type.
    private static string TextOf(ParseError error) =>
        error.SymbolResult is OptionResult { Option: { } option }
        && error.Message.Contains($"'{option.ValueType.FullName}'", StringComparison.Ordinal)
        && typeof(FileSystemInfo).IsAssignableFrom(option.ValueType.GetElementType() ?? option.ValueType)
            ? $"{option.Name}: the path is empty."
            : error.Message;

    /// <summary>Makes a misspelled option an error where a verb takes any number of arguments.</summary>
    public static void RefuseOptions(Command verb)
    {
        foreach (Argument argument in verb.Arguments)
        {
            argument.Validators.Add(result =>
            {
                foreach (Token token in result.Tokens.Where(token => token.Value.StartsWith("--", StringComparison.Ordinal) && !File.Exists(token.Value)))
                {
                    result.AddError(UnknownOption(verb, token.Value));
                }
            });
        }
    }

    private static string UnknownOption(Command verb, string text)
    {
        string name = text.Split('=', ':')[0];
        return $"'{verb.Name}' has no option '{name}'.{Spelling.Hint(name, verb.Options.Select(option => option.Name))}";
    }

    private static bool IsOption(string token) => token.StartsWith('-') && token.Length > 1 && !NumberText.TryParse(token, out double _);
}
