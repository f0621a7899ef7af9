using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Samples;

/// <summary>
/// Numbers on the command line: a decimal point in every culture, and no thousands separators, so that <c>0,05</c> is an error and never 5.
/// </summary>
internal static class NumberText
{
    /// <summary>Reads a number.</summary>
    /// <exception cref="FormatException">The text is not a number; the message suggests what was meant.</exception>
    public static T Parse<T>(string text)
        where T : struct, INumber<T> =>
        TryParse(text, out T value) ? value : throw new FormatException($"'{text}' is not {(IsInteger<T>() ? "an integer" : "a number")}.{Hint<T>(text)}");

    /// <summary>" Did you mean 0.05? ..." for a text with commas, otherwise empty.</summary>
    public static string Hint<T>(string text)
        where T : struct, INumber<T> =>
        text.Contains(',', StringComparison.Ordinal)
            ? $"{(Suggestion<T>(text) is { } meant ? $" Did you mean {meant}?" : "")} Use a decimal point, and no thousands separators."
            : "";

    /// <summary>Limits an option to values that are no mistake. The bounds belong to the range.</summary>
    /// <param name="option">The option.</param>
    /// <param name="min">The least value.</param>
    /// <param name="max">The largest value.</param>
    /// <param name="otherwise">What to do if a value outside is wanted; a sentence.</param>
    public static Option<T> Between<T>(this Option<T> option, double min, double max, string otherwise = "")
    {
        Read(option);
        option.Validators.Add(result =>
        {
            // A text that is not a number has its own error.
            foreach (Token token in result.Tokens.Where(token => TryParse(token.Value, out double _)))
            {
                _ = TryParse(token.Value, out double value);
                if (!(value >= min && value <= max))
                {
                    string bounds = max >= int.MaxValue ? Invariant($"at least {min}") : Invariant($"from {min} to {max}");
                    result.AddError($"{option.Name} must be {bounds}; it is {token.Value}. {otherwise}".TrimEnd());
                }
            }
        });
        return option;
    }

    /// <summary>Makes every number option of a command, and of its verbs, read as <see cref="Parse"/> does.</summary>
    public static void ReadAll(Command command)
    {
        foreach (Option option in command.Options)
        {
            Read(option);
        }

        foreach (Command verb in command.Subcommands)
        {
            ReadAll(verb);
        }
    }

    private static void Read(Option option)
    {
        switch (option)
        {
            case Option<int> integer:
                integer.CustomParser = Single<int>;
                break;
            case Option<int?> integer:
                integer.CustomParser = result => Single<int>(result);
                break;
            case Option<double> number:
                number.CustomParser = Single<double>;
                break;
            case Option<double?> number:
                number.CustomParser = result => Single<double>(result);
                break;
            case Option<double[]> numbers:
                numbers.CustomParser = result => [.. result.Tokens.Select(token => OfToken<double>(result, token))];
                break;
        }
    }

    private static T Single<T>(ArgumentResult result)
        where T : struct, INumber<T> => OfToken<T>(result, result.Tokens[^1]);

    private static T OfToken<T>(ArgumentResult result, Token token)
        where T : struct, INumber<T>
    {
        try
        {
            return Parse<T>(token.Value);
        }
        catch (FormatException e)
        {
            result.AddError($"{(result.Parent as OptionResult)?.Option.Name}: {e.Message}");
            return default;
        }
    }

    /// <summary>Reads a number; false for anything else.</summary>
    public static bool TryParse<T>(string text, out T value)
        where T : struct, INumber<T> =>
        T.TryParse(text, IsInteger<T>() ? NumberStyles.AllowLeadingSign : NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    // The text with its comma read as a decimal point, or, for groups of three digits, without it.
    private static string? Suggestion<T>(string text)
        where T : struct, INumber<T>
    {
        string[] groups = text.Split(',');
        bool thousands =
            groups[0].TrimStart('-') is { Length: >= 1 and <= 3 } first && first != "0" && groups.Skip(1).All(group => group.Split('.')[0].Length == 3);
        string meant = thousands ? string.Concat(groups) : string.Join('.', groups);
        return meant != text && TryParse(meant, out T _) ? meant : null;
    }

    private static bool IsInteger<T>() => typeof(T) == typeof(int);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
