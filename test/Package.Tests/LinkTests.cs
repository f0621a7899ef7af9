using System.Text.RegularExpressions;

namespace Package.Tests;

/// <summary>Links between the repository's pages.</summary>
public sealed class LinkTests
{
    [Fact]
    public void Links_OfAllPages_NameFilesAndHeadingsThatExist()
    {
        IEnumerable<string> sources = Markdown.Sources().Where(file => file.EndsWith(".md", StringComparison.Ordinal));
        string[] pages = [.. sources.Select(file => Path.Combine(PackageFixture.Root, file))];
        List<string> broken = [];
        int links = 0;
        foreach (string page in pages)
        {
            foreach (Match match in Regex.Matches(File.ReadAllText(page), @"\]\(([^)\s]+)\)"))
            {
                string link = match.Groups[1].Value;
                if (link.Contains("://", StringComparison.Ordinal))
                {
                    continue;
                }

                links++;
                string[] parts = link.Split('#', 2);
                string target = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
                if (!Path.Exists(target) || (parts.Length == 2 && !Anchors(target).Contains(parts[1])))
                {
                    broken.Add($"{Path.GetRelativePath(PackageFixture.Root, page)}: {link}");
                }
            }
        }

        Assert.True(broken.Count == 0, string.Join('\n', broken));
        Assert.True(links > 50, $"Only {links} links were found.");
    }

    /// <summary>What CONTRIBUTING.md tells to touch is there, except what the reader writes.</summary>
    [Fact]
    public void Files_InContributing_Exist()
    {
        string[] files = [.. Markdown.Sources().Select(path => path.Replace('\\', '/'))];
        string[] named = [.. Regex.Matches(Markdown.Read("CONTRIBUTING.md"), @"`([\w./]+\.(?:cs|md|py|sh|sln|txt))`").Select(match => match.Groups[1].Value)];
        IEnumerable<string> existing = named.Where(name => !name.Contains("Your", StringComparison.Ordinal) && name[0] != '.');
        string[] missing = [.. existing.Where(name => !Array.Exists(files, file => IsNamed(file, name)))];

        Assert.True(named.Length > 20, $"Only {named.Length} files were found.");
        Assert.True(missing.Length == 0, string.Join('\n', missing));
    }

    // A path from the root, from a folder of the library or from its tests' folder; or a name alone.
    private static bool IsNamed(string file, string name) =>
        file == name
        || file == $"src/Microsoft.ML.FeatureMining/{name}"
        || file == $"src/Microsoft.ML.FeatureMining.Core/{name}"
        || file == name.Replace("...", "Microsoft.ML.FeatureMining.Tests", StringComparison.Ordinal)
        || (!name.Contains('/') && file.EndsWith('/' + name, StringComparison.Ordinal));

    // GitHub's anchors: lower case, spaces as hyphens, other punctuation dropped.
    private static IEnumerable<string> Anchors(string page) =>
        Regex
            .Matches(File.ReadAllText(page), "^#+ (.*)$", RegexOptions.Multiline)
            .Select(heading => Regex.Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), @"[^\w\- ]", "").Replace(' ', '-'));
}
