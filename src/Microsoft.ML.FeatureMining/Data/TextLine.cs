namespace Microsoft.ML.FeatureMining.Data;

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
            throw new FileNotFoundException($"There is no file '{path}'.", path);
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
    public string FileName(string name) => name.Length > 0 && name is not ("." or "..") && name.AsSpan().IndexOfAny('/', '\\', '\0') < 0
        ? name
        : throw Fault($"'{name}' is no name of a file.");
}
