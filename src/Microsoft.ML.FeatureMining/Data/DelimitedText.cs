using System.Text;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// Reads comma- or tab-separated text as RFC 4180 has it: quotes around fields that hold separators, quotes (doubled) or line breaks; lines end in LF or CRLF; UTF-8.
/// Whatever else is refused, as a file read wrongly would give wrong labels. Empty lines are passed over.
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
            throw new FileNotFoundException($"There is no file '{path}'.", path);
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
                throw TextFault.At(path, record.Line, FormattableString.Invariant($"there are {record.Fields.Length} fields where the first record has {fields}."));
            yield return record;
        }
    }

    private DelimitedRecord? Next()
    {
        try
        {
            while (TakeLineEnd())
            {
            }
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
            fields.Add(_reader.Peek() == '"' ? Quoted() : Plain());
        while (Take(_separator));
        if (!TakeLineEnd() && _reader.Peek() != End)
            throw Fault("there is text behind a closing quote.");
        return new DelimitedRecord(first, [.. fields]);
    }

    private string Plain()
    {
        _field.Clear();
        while (_reader.Peek() is var next and not ('\r' or '\n' or End) && next != _separator)
        {
            if (next == '"')
                throw Fault("there is a quote in a field that does not begin with one.");
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
            return false;
        _reader.Read();
        return true;
    }

    private InvalidDataException Fault(string what) => TextFault.At(_path, _line, what);
}
