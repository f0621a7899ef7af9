using System.Globalization;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A text file in which each line begins with a number of its own; what belongs together in several such files has the same number.</summary>
internal sealed class NumberedLines
{
    private readonly string _path;
    private readonly Dictionary<int, TextLine> _lines = [];

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">A line begins with no number, or with one that stood before; the message names file and line.</exception>
    public NumberedLines(string path)
    {
        _path = path;
        foreach (TextLine line in TextLine.Read(path))
        {
            (string first, string rest) = line.Split();
            if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
                throw line.Fault($"'{first}' is no number.");
            if (!_lines.TryAdd(number, line with { Text = rest }))
                throw line.Fault($"the number {first} stands in the file before.");
            Numbers.Add(number);
        }
    }

    /// <summary>In the order of the file.</summary>
    public List<int> Numbers { get; } = [];

    /// <summary>What follows that number.</summary>
    /// <exception cref="InvalidDataException">There is no line of that number.</exception>
    public TextLine this[int number] =>
        _lines.TryGetValue(number, out TextLine line) ? line : throw new InvalidDataException(FormattableString.Invariant($"'{_path}' has no line for the number {number}."));
}
