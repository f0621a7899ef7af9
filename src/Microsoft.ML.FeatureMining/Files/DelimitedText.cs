using System.Globalization;
using System.Text;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Reads comma- or tab-separated text as RFC 4180 has it: quotes around fields that hold separators, quotes (doubled) or line breaks; lines end in LF or CRLF;
/// UTF-8. Whatever else is refused, as a file read wrongly would give wrong labels. Empty lines are passed over.
/// </summary>
internal sealed class DelimitedText
{
    private const int End = -1;

    private readonly TextReader _reader;
    private readonly string _path;
    private readonly char _separator;
    private readonly StringBuilder _field = new();
    private int _line = 1;

    private DelimitedText(TextReader reader, string path, char separator)
    {
        (_reader, _path, _separator) = (reader, path, separator);
    }

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The text is not so; the message names file and line.</exception>
    public static IEnumerable<DelimitedRecord> Read(string path, char separator)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        }

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
                    FormattableString.Invariant($"there are {record.Fields.Length} fields where the first record has {fields}.")
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
            throw TextFault.At(_path, _line, "the text here or soon after is not UTF-8.");
        }
    }

    private DelimitedRecord Record()
    {
        int first = _line;
        List<string> fields = [];
        do
        {
            fields.Add(_reader.Peek() == '"' ? Quoted() : Plain());
        } while (Take(_separator));
        if (!TakeLineEnd() && _reader.Peek() != End)
        {
            throw Fault("there is text behind a closing quote.");
        }

        return new DelimitedRecord(first, [.. fields]);
    }

    private string Plain()
    {
        _field.Clear();
        while (_reader.Peek() is var next and not ('\r' or '\n' or End) && next != _separator)
        {
            if (next == '"')
            {
                throw Fault("there is a quote in a field that does not begin with one.");
            }

            _field.Append((char)_reader.Read());
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
                    _field.Append((char)c);
                    break;
            }
        }
    }

    private bool TakeLineEnd()
    {
        bool carriageReturn = Take('\r');
        if (Take('\n'))
        {
            _line++;
            return true;
        }
        return carriageReturn ? throw Fault("there is a carriage return without a line feed.") : false;
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
/// <param name="Line">The line that it begins on, from 1; a field in quotes may hold line breaks.</param>
/// <param name="Fields">At least one.</param>
internal readonly record struct DelimitedRecord(int Line, string[] Fields);

/// <summary>A text file in which each line begins with a number of its own; what belongs together in several such files has the same number.</summary>
internal sealed class NumberedLines
{
    private readonly string _path;
    private readonly Dictionary<int, TextLine> _lines = [];

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line does not begin with a number, or repeats one of an earlier line; the message names file and
    /// line.</exception>
    public NumberedLines(string path)
    {
        _path = path;
        foreach (TextLine line in TextLine.Read(path))
        {
            (string first, string rest) = line.Split();
            if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                throw line.Fault($"'{first}' is no number.");
            }

            if (!_lines.TryAdd(number, line with { Text = rest }))
            {
                throw line.Fault($"the number {first} stands in the file before.");
            }

            Numbers.Add(number);
        }
    }

    /// <summary>In the order of the file.</summary>
    public List<int> Numbers { get; } = [];

    /// <summary>What follows that number.</summary>
    /// <exception cref="InvalidDataException">There is no line of that number.</exception>
    public TextLine this[int number] =>
        _lines.TryGetValue(number, out TextLine line)
            ? line
            : throw new InvalidDataException(FormattableString.Invariant($"'{_path}' has no line for the number {number}."));
}

/// <summary>A line of a text file that is not empty.</summary>
/// <param name="Path">The file.</param>
/// <param name="Number">The line, from 1.</param>
/// <param name="Text">What stands there, without space around it.</param>
internal readonly record struct TextLine(string Path, int Number, string Text)
{
    /// <summary>The lines of a file in order; empty ones are passed over.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public static IEnumerable<TextLine> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"There is no file '{path}'.", path);
        }

        return File.ReadLines(path).Select((text, i) => new TextLine(path, i + 1, text.Trim())).Where(line => line.Text.Length > 0);
    }

    /// <summary>The error that this line is.</summary>
    public InvalidDataException Fault(string what) => TextFault.At(Path, Number, what);

    /// <summary>The words of the line, which must be so many.</summary>
    public string[] Words(int count)
    {
        string[] words = Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return words.Length == count ? words : throw Fault(FormattableString.Invariant($"there are {words.Length} words where {count} are to be."));
    }

    /// <summary>The first word, and what follows it.</summary>
    public (string First, string Behind) Split()
    {
        int end = Text.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? (Text, "") : (Text[..end], Text[end..].Trim());
    }

    /// <summary>A name that the line holds, as one part of a path.</summary>
    public string FileName(string name) =>
        name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0 ? name : throw Fault($"'{name}' is no name of a file.");
}

/// <summary>What is wrong with a text file, and where.</summary>
internal static class TextFault
{
    public static InvalidDataException At(string path, int line, string what) => new(FormattableString.Invariant($"'{path}', line {line}: {what}"));
}
