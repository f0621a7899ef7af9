using System.Text;

namespace Microsoft.ML.Data;

/// <summary>How lines are made of fields.</summary>
internal sealed record TextFormat(char Separator, bool HasHeader, bool AllowQuoting)
{
    /// <summary>Blank lines and remarks are no rows.</summary>
    public static bool IsRow(string line) => line.Length > 0 && line[0] != '#' && !line.StartsWith("//", StringComparison.Ordinal);

    public List<string> Split(string line)
    {
        var fields = new List<string>();
        for (int at = 0; at <= line.Length; at++)
        {
            while (at < line.Length && line[at] == ' ' && Separator != ' ')
                at++;
            fields.Add(AllowQuoting && at < line.Length && line[at] == '"' ? Quoted(line, ref at) : Plain(line, ref at));
        }

        return fields;
    }

    private string Plain(string line, ref int at)
    {
        int start = at;
        at = line.IndexOf(Separator, at);
        if (at < 0)
            at = line.Length;
        return line[start..at];
    }

    // A quote inside is written twice. What stands between the closing quote and the separator is no part of the field.
    private string Quoted(string line, ref int at)
    {
        var text = new StringBuilder();
        for (at++; at < line.Length; at++)
        {
            bool quote = line[at] == '"';
            if (quote && (at + 1 == line.Length || line[++at] != '"'))
                break;
            text.Append(line[at]);
        }

        Plain(line, ref at);
        return text.ToString();
    }
}
