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
        where T : struct, INumber<T> => TryParse(text, out T value) ? value : throw new FormatException(ComplaintAbout<T>(text));

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
        Read(option);
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

    // A validator tells of every wrong number; a parser alone would be asked only where nothing else is wrong.
    private static void Read(Option option)
    {
        switch (option)
        {
            case Option<int> { CustomParser: null } integer:
                integer.CustomParser = result => Value<int>(result.Tokens[^1]);
                Check<int>(option);
                break;
            case Option<int?> { CustomParser: null } integer:
                integer.CustomParser = result => Value<int>(result.Tokens[^1]);
                Check<int>(option);
                break;
            case Option<double> { CustomParser: null } number:
                number.CustomParser = result => Value<double>(result.Tokens[^1]);
                Check<double>(option);
                break;
            case Option<double?> { CustomParser: null } number:
                number.CustomParser = result => Value<double>(result.Tokens[^1]);
                Check<double>(option);
                break;
            case Option<double[]> { CustomParser: null } numbers:
                numbers.CustomParser = result => [.. result.Tokens.Select(Value<double>)];
                Check<double>(option);
                break;
        }
    }

    private static void Check<T>(Option option)
        where T : struct, INumber<T> =>
        option.Validators.Add(result =>
        {
            // A number that is out of bounds has its own error.
            bool isOutside = result.Errors.Any();
            foreach (Token token in result.Tokens.Where(token => !isOutside && !TryParse(token.Value, out T _)))
            {
                result.AddError($"{option.Name}: {ComplaintAbout<T>(token.Value)}");
            }
        });

    private static T Value<T>(Token token)
        where T : struct, INumber<T> => TryParse(token.Value, out T value) ? value : default;

    private static string ComplaintAbout<T>(string text)
        where T : struct, INumber<T> =>
        IsInteger<T>() && BigInteger.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)
            ? $"{text} is outside the range of integers, {int.MinValue} to {int.MaxValue}."
            : $"'{text}' is not {(IsInteger<T>() ? "an integer" : "a number")}.{Hint<T>(text)}";

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

/// <summary>A time as people write it: 90s, 5m, 2h.</summary>
internal static class TimeText
{
    /// <summary>"40 s", "12 min" or "3.5 h".</summary>
    public static string Of(TimeSpan time) =>
        time.TotalSeconds < 100 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalSeconds)} s")
        : time.TotalMinutes < 100 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMinutes)} min")
        : string.Create(CultureInfo.InvariantCulture, $"{time.TotalHours:0.#} h");

    public static bool TryParse(string text, out TimeSpan time)
    {
        time = TimeSpan.Zero;
        double? unit =
            text.Length == 0
                ? null
                : text[^1] switch
                {
                    's' => 1,
                    'm' => 60,
                    'h' => 3600,
                    _ => null,
                };
        if (unit is null || !NumberText.TryParse(text[..^1], out double number) || !(number > 0 && number * unit <= TimeSpan.MaxValue.TotalSeconds / 2))
        {
            return false;
        }

        time = TimeSpan.FromSeconds(number * unit.Value);
        return time > TimeSpan.Zero;
    }
}
