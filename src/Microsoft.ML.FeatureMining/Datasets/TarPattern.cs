using System.Globalization;
using System.IO.Enumeration;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>
/// The tar files that a pattern names: WebDataset's braces (<c>train-{000..146}.tar</c>, also <c>{a,b}</c>), and in a file name <c>*</c> and <c>?</c>.
/// </summary>
internal static class TarPattern
{
    private const int MaxShards = 1_000_000;

    /// <summary>The full paths and addresses, in the order of the braces; for wildcards in ordinal order.</summary>
    /// <exception cref="ArgumentException">The pattern is invalid.</exception>
    /// <exception cref="FileNotFoundException">A file does not exist, or none matches.</exception>
    public static IEnumerable<string> Expand(string pattern)
    {
        if (pattern.Length == 0)
        {
            throw new ArgumentException("The path of a tar file is empty.", nameof(pattern));
        }

        return File.Exists(pattern) ? [Path.GetFullPath(pattern)] : Braces(pattern, pattern).SelectMany(Files);
    }

    private static IEnumerable<string> Braces(string text, string pattern)
    {
        int open = text.IndexOf('{', StringComparison.Ordinal);
        if (open < 0)
        {
            return [text];
        }

        int close = text.IndexOf('}', open);
        if (close < 0 || text.AsSpan(open + 1, close - open - 1).Contains('{'))
        {
            throw Invalid(pattern, close < 0 ? "a brace is not closed" : "braces within braces are not supported");
        }

        string inner = text[(open + 1)..close];
        IEnumerable<string> middles =
            inner.Contains("..", StringComparison.Ordinal) ? Range(inner, pattern)
            : inner.Contains(',', StringComparison.Ordinal) ? inner.Split(',')
            : throw Invalid(pattern, $"'{{{inner}}}' is neither a range, such as {{000..146}}, nor a list, such as {{a,b}}");
        return middles.SelectMany(middle => Braces(text[(close + 1)..], pattern).Select(rest => text[..open] + middle + rest));
    }

    // As in shells: padded with zeros if an end is.
    private static IEnumerable<string> Range(string inner, string pattern)
    {
        string[] ends = inner.Split("..");
        if (
            ends.Length is not (2 or 3)
            || !ends.All(end => int.TryParse(end, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            || (ends.Length == 3 && ends[2].All(digit => digit == '0'))
        )
        {
            throw Invalid(pattern, $"'{{{inner}}}' is not a range of numbers, such as {{000..146}} or {{000..146..2}}");
        }

        int[] numbers = Array.ConvertAll(ends, end => int.Parse(end, CultureInfo.InvariantCulture));
        (int first, int last, int step) = (numbers[0], numbers[1], numbers.ElementAtOrDefault(2) is > 0 and var given ? given : 1);
        long count = (Math.Abs((long)last - first) / step) + 1;
        if (count > MaxShards)
        {
            throw Invalid(pattern, FormattableString.Invariant($"'{{{inner}}}' has {count} numbers; the maximum is {MaxShards}"));
        }

        int digits = Array.Exists(ends[..2], end => end.Length > 1 && end[0] == '0') ? Math.Max(ends[0].Length, ends[1].Length) : 1;
        return Enumerable.Range(0, (int)count).Select(i => (first + (Math.Sign(last - first) * step * i)).ToString($"D{digits}", CultureInfo.InvariantCulture));
    }

    private static IEnumerable<string> Files(string text)
    {
        if (RemoteFile.IsAddress(text))
        {
            return [text];
        }

        if (text.IndexOf("://", StringComparison.Ordinal) is > 0 and var end || text.StartsWith("pipe:", StringComparison.Ordinal))
        {
            throw new ArgumentException($"'{text}' cannot be read: tar files are local files or have addresses of http or https.");
        }

        if (text.AsSpan().IndexOfAny('*', '?') < 0)
        {
            return File.Exists(text) ? [Path.GetFullPath(text)]
                : Directory.Exists(text)
                    ? throw new FileNotFoundException($"'{text}' is a folder. Write '{Path.Combine(text, "*.tar")}' for the tar files in it.", text)
                : throw new FileNotFoundException($"The tar file '{text}' does not exist.", text);
        }

        (string folder, string name) = (Path.GetDirectoryName(text)!, Path.GetFileName(text));
        if (folder.AsSpan().IndexOfAny('*', '?') >= 0)
        {
            throw Invalid(text, "only the name of the file may have * and ?, not its folder");
        }

        folder = Path.GetFullPath(folder.Length == 0 ? "." : folder);
        string[] found = Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder).Where(path => FileSystemName.MatchesSimpleExpression(name, Path.GetFileName(path), ignoreCase: false))]
            : [];
        Array.Sort(found, StringComparer.Ordinal);
        return found.Length > 0 ? found : throw new FileNotFoundException($"No tar file matches '{text}'.", text);
    }

    private static ArgumentException Invalid(string pattern, string problem) => new($"The pattern '{pattern}' of tar files is invalid: {problem}.");
}
