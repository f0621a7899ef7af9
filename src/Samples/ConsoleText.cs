using System.Globalization;
using System.Text;

namespace Samples;

/// <summary>Names of files and classes on the screen.</summary>
internal static class TerminalText
{
    /// <summary>Escapes control characters: a tab would break a table, and an escape sequence would reach the terminal.</summary>
    public static string Of(string text) => Escaped(text, IsUnsafe);

    /// <summary>The same for a text of several lines.</summary>
    public static string OfLines(string text) => Escaped(text, c => IsUnsafe(c) && c != '\t' && !Environment.NewLine.Contains(c, StringComparison.Ordinal));

    private static string Escaped(string text, Func<char, bool> isUnsafe) =>
        text.Any(isUnsafe)
            ? string.Concat(text.Select(c => isUnsafe(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString()))
            : text;

    // The second and third group change the direction of the text around them.
    private static bool IsUnsafe(char c) => char.IsControl(c) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}

/// <summary>
/// Writes to a console stream. One that cannot be written, as a file on a full disk, must not end a training: the first failure is kept, and what follows is lost.
/// </summary>
/// <param name="inner">The stream.</param>
/// <param name="edit">Changes each text before it is written.</param>
internal sealed class ConsoleText(TextWriter inner, Func<string, string> edit) : TextWriter(CultureInfo.InvariantCulture)
{
    private static readonly List<ConsoleText> Opened = [];

    private Exception? _failure;

    public override Encoding Encoding => inner.Encoding;

    /// <summary>Makes both streams of the console ones that never throw. Names from strangers in errors do not reach the terminal as control characters.</summary>
    public static void Open()
    {
        Opened.AddRange([new ConsoleText(Console.Out, text => text), new ConsoleText(Console.Error, TerminalText.OfLines)]);
        Console.SetOut(Opened[0]);
        Console.SetError(Opened[1]);
    }

    /// <summary>The exit code of the program: that of the verb, but failure if something that it wrote was lost.</summary>
    public static int Close(int code)
    {
        if (Opened.Select(writer => writer._failure).FirstOrDefault(failure => failure is not null) is not { } first)
        {
            return code;
        }

        Console.Error.WriteLine($"error: The output is not complete. {first.Message}");
        return code == ExitCode.Success ? ExitCode.Failure : code;
    }

    public override void Write(char value) => Write(value.ToString());

    public override void Write(char[] buffer, int index, int count) => Write(new string(buffer, index, count));

    public override void Write(string? value)
    {
        try
        {
            inner.Write(edit(value ?? ""));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure ??= e;
        }
    }

    public override void WriteLine(string? value) => Write(value + NewLine);

    public override void Flush()
    {
        try
        {
            inner.Flush();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _failure ??= e;
        }
    }
}
