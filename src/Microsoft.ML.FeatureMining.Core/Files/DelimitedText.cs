using System.Globalization;
using System.Text;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Reads comma- or tab-separated text in the format of RFC 4180: fields that contain separators, quotes (doubled) or line breaks are quoted; lines end with LF
/// or CRLF; UTF-8. Anything else is an error, because a misread file would give wrong labels. Empty lines are skipped.
/// </summary>
internal sealed class DelimitedText
{
    private const int End = -1;

    // No path, label or setting is as long. An unclosed quote, or a file of another kind, would fill the memory.
    private const int MaxFieldLength = 1 << 20;

    private readonly TextReader _reader;
    private readonly string _path;
    private readonly char _separator;
    private readonly StringBuilder _field = new();
    private int _line = 1;

    private DelimitedText(TextReader reader, string path, char separator)
    {
        (_reader, _path, _separator) = (reader, path, separator);
    }

    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The text is not in this format; the message names file and line.</exception>
    public static IEnumerable<DelimitedRecord> Read(string path, char separator)
    {
        TextFault.CheckExists(path);
        return Records(path, separator);
    }

    private static IEnumerable<DelimitedRecord> Records(string path, char separator)
    {
        using StreamReader reader = new(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        DelimitedText text = new(reader, path, separator);
        int fields = 0;
        while (text.Next() is { } record)
        {
            fields = fields == 0 ? record.Fields.Length : fields;
            if (record.Fields.Length != fields)
            {
                throw TextFault.At(
                    path,
                    record.Line,
                    FormattableString.Invariant($"there are {record.Fields.Length} fields, but the first record has {fields}.")
                );
            }

            yield return record;
        }
    }

    private DelimitedRecord? Next()
    {
        try
        {
            while (TakeLineEnd()) { }
            return _reader.Peek() == End ? null : Record();
        }
        catch (DecoderFallbackException)
        {
            throw TextFault.At(_path, _line, "the text on this line or soon after is not UTF-8. Save the file as UTF-8.");
        }
    }

    private DelimitedRecord Record()
    {
        int first = _line;
        List<string> fields = [];
        List<bool> quoted = [];
        do
        {
            quoted.Add(_reader.Peek() == '"');
            fields.Add(quoted[^1] ? Quoted() : Plain());
        } while (Take(_separator));
        if (!TakeLineEnd() && _reader.Peek() != End)
        {
            throw Fault("there is text after a closing quote. Double the quotes inside a quoted field.");
        }

        return new DelimitedRecord(first, [.. fields], [.. quoted]);
    }

    private string Plain()
    {
        _field.Clear();
        while (_reader.Peek() is var next and not ('\r' or '\n' or End) && next != _separator)
        {
            if (next == '"')
            {
                throw Fault("there is a quote in an unquoted field. Quote the whole field and double the quotes inside it.");
            }

            Append(_reader.Read(), _line);
        }
        return _field.ToString();
    }

    private string Quoted()
    {
        int opened = _line;
        _field.Clear();
        _reader.Read();
        while (true)
        {
            switch (_reader.Read())
            {
                case End:
                    throw TextFault.At(_path, opened, "the quote is never closed.");
                case '"' when !Take('"'):
                    return _field.ToString();
                case var c:
                    _line += c == '\n' ? 1 : 0;
                    Append(c, opened);
                    break;
            }
        }
    }

    private void Append(int character, int line)
    {
        if (_field.Length == MaxFieldLength)
        {
            throw TextFault.At(_path, line, FormattableString.Invariant($"a field has more than {MaxFieldLength} characters."));
        }

        _field.Append((char)character);
    }

    private bool TakeLineEnd()
    {
        bool carriageReturn = Take('\r');
        if (Take('\n'))
        {
            _line++;
            return true;
        }
        return carriageReturn ? throw Fault("there is a carriage return without a line feed. End lines with LF or CRLF.") : false;
    }

    private bool Take(char wanted)
    {
        if (_reader.Peek() != wanted)
        {
            return false;
        }

        _reader.Read();
        return true;
    }

    private InvalidDataException Fault(string what) => TextFault.At(_path, _line, what);
}

/// <summary>A record of a <see cref="DelimitedText"/>.</summary>
/// <param name="Line">The line on which the record starts, from 1; a quoted field may contain line breaks.</param>
/// <param name="Fields">At least one.</param>
/// <param name="Quoted">Whether each field is quoted.</param>
internal readonly record struct DelimitedRecord(int Line, string[] Fields, bool[] Quoted)
{
    /// <summary>A field without the spaces around it, unless it is quoted.</summary>
    public string Trimmed(int field) => Quoted[field] ? Fields[field] : Fields[field].Trim();
}

/// <summary>A text file in which each line starts with a unique number. The number joins the lines of several such files.</summary>
internal sealed class NumberedLines
{
    private readonly string _path;
    private readonly Dictionary<int, TextLine> _lines = [];

    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">
    /// A line does not start with a number, or repeats the number of an earlier line; the message names file and line.
    /// </exception>
    public NumberedLines(string path)
    {
        _path = path;
        foreach (TextLine line in TextLine.Read(path))
        {
            (string first, string rest) = line.Split();
            if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                throw line.Fault($"'{first}' is not a number; each line must start with one.");
            }

            if (!_lines.TryAdd(number, line with { Text = rest }))
            {
                throw line.Fault($"the number {first} is already on an earlier line.");
            }

            Numbers.Add(number);
        }
    }

    /// <summary>In the order of the file.</summary>
    public List<int> Numbers { get; } = [];

    /// <summary>The text after that number.</summary>
    /// <exception cref="InvalidDataException">There is no line with that number.</exception>
    public TextLine this[int number] =>
        _lines.TryGetValue(number, out TextLine line)
            ? line
            : throw new InvalidDataException(FormattableString.Invariant($"'{_path}' has no line for the number {number}."));
}

/// <summary>A non-empty line of a text file.</summary>
/// <param name="Path">The file.</param>
/// <param name="Number">The line, from 1.</param>
/// <param name="Text">The text, trimmed.</param>
internal readonly record struct TextLine(string Path, int Number, string Text)
{
    /// <summary>The lines of a file in order; empty lines are skipped.</summary>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    public static IEnumerable<TextLine> Read(string path)
    {
        TextFault.CheckExists(path);
        return File.ReadLines(path).Select((text, i) => new TextLine(path, i + 1, text.Trim())).Where(line => line.Text.Length > 0);
    }

    /// <summary>An error about this line.</summary>
    public InvalidDataException Fault(string what) => TextFault.At(Path, Number, what);

    /// <summary>The words of the line; there must be <paramref name="count"/> words.</summary>
    public string[] Words(int count)
    {
        string[] words = Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length == count ? words : throw Fault(FormattableString.Invariant($"there are {words.Length} words; expected {count}."));
    }

    /// <summary>The first word and the rest of the line.</summary>
    public (string First, string Remainder) Split()
    {
        int end = Text.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? (Text, "") : (Text[..end], Text[end..].Trim());
    }

    /// <summary>Checks that a name from the line is a file name without folders.</summary>
    public string FileName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0
            ? name
            : throw Fault($"'{name}' is not a file name; it must have no folder.");
}

/// <summary>Errors that name a text file and a line.</summary>
internal static class TextFault
{
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static void CheckExists(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException(Directory.Exists(path) ? $"'{path}' is a folder, not a file." : $"The file '{path}' does not exist.", path);
        }
    }

    public static InvalidDataException At(string path, int line, string what) => new(FormattableString.Invariant($"'{path}', line {line}: {what}"));
}
