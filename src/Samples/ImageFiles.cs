using System.IO.Enumeration;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The images that a command line names: files, folders with their subfolders, and patterns with <c>*</c>, <c>?</c> and <c>**</c>.</summary>
internal static class ImageFiles
{
    /// <summary>The files, in the order of the command line, each with the reason why it cannot be opened, or null.</summary>
    public static IEnumerable<(string Path, string? Problem)> Find(IEnumerable<string> words) => words.SelectMany(Find);

    private static IEnumerable<(string, string?)> Find(string word)
    {
        if (word.Length == 0)
        {
            return [("''", "the path is empty")];
        }

        if (Directory.Exists(word))
        {
            IReadOnlyList<string> images = ImageFolder.Find(word, text => Console.Error.WriteLine($"warning: {text}"));
            return images.Count > 0 ? images.Select(path => (path, ProblemOf(path))) : [(word, "there are no images in this folder")];
        }

        if (File.Exists(word) || word.AsSpan().IndexOfAny("*?") < 0)
        {
            return [(word, ProblemOf(word))];
        }

        string[] found = [.. Matches(word)];
        return found.Length > 0 ? found.Select(path => (path, ProblemOf(path))) : [(word, "no file matches this pattern")];
    }

    // A shell replaces patterns itself, unless they are quoted or it is the one of Windows.
    private static IEnumerable<string> Matches(string pattern)
    {
        string fixedPart = pattern[..pattern.AsSpan().IndexOfAny("*?")];
        int end = fixedPart.LastIndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]);
        string folder = end < 0 ? "." : fixedPart[..(end + 1)];
        string rest = pattern[(end + 1)..].Replace('\\', '/');
        string expression = Regex
            .Escape(rest)
            .Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal)
            .Replace(@"\*", "[^/]*", StringComparison.Ordinal)
            .Replace(@"\?", "[^/]", StringComparison.Ordinal);
        Regex wanted = new($"^{expression}$", RegexOptions.CultureInvariant);
        bool isDeep = rest.Contains('/', StringComparison.Ordinal);
        return Directory.Exists(folder)
            ? Files(folder, isDeep).Where(path => wanted.IsMatch(Path.GetRelativePath(folder, path).Replace('\\', '/'))).Order(StringComparer.Ordinal)
            : [];
    }

    // As in shells, ** does not follow links to folders, which may lead back.
    private static FileSystemEnumerable<string> Files(string folder, bool isDeep) =>
        new(
            folder,
            (ref FileSystemEntry entry) => entry.ToSpecifiedFullPath(),
            new EnumerationOptions
            {
                RecurseSubdirectories = isDeep,
                AttributesToSkip = 0,
                IgnoreInaccessible = false,
            }
        )
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
        };

    // A pipe has no length, and to open it would wait for a writer.
    private static string? ProblemOf(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (!file.Exists)
            {
                return "the file does not exist";
            }

            if (file.Length == 0)
            {
                return "the file is empty";
            }

            using FileStream stream = file.OpenRead();
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
