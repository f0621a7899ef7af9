using System.Text.RegularExpressions;

namespace Package.Tests;

/// <summary>The project's pages and what they tell their readers to type.</summary>
internal static class Markdown
{
    /// <summary>README.md and the pages in docs/, by their paths from the repository's root.</summary>
    public static IEnumerable<string> Guides =>
        [
            "README.md",
            .. Directory
                .GetFiles(Path.Combine(PackageFixture.Root, "docs"), "*.md")
                .Select(path => $"docs/{Path.GetFileName(path)}")
                .Order(StringComparer.Ordinal),
        ];

    public static string Read(string page) => File.ReadAllText(Path.Combine(PackageFixture.Root, page));

    /// <summary>All files of the repository by their paths from its root, without what was built.</summary>
    public static IEnumerable<string> Sources() =>
        from path in Directory.EnumerateFiles(PackageFixture.Root, "*", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(PackageFixture.Root, path)
        where !relative.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj" or "artifacts" or ".git" or "shared")
        select relative;

    /// <summary>The blocks of C#.</summary>
    public static IEnumerable<string> Blocks(string markdown) =>
        Regex.Matches(markdown, "^```csharp\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline).Select(match => match.Groups[1].Value);

    /// <summary>The programs of a page: a block that starts with using directives starts a program, and the blocks that follow continue it.</summary>
    public static IReadOnlyList<string> Programs(string markdown)
    {
        List<string> programs = [];
        foreach (string block in Blocks(markdown))
        {
            if (programs.Count == 0 || IsDirective(block.Split('\n')[0]))
            {
                programs.Add(block);
            }
            else
            {
                programs[^1] += "\n" + block;
            }
        }

        return programs;
    }

    /// <summary>
    /// A program with top-level statements as a namespace with a class <c>Program</c>, so that one project holds many programs: using directives first,
    /// statements in a method <c>Run</c>, then the types. A type starts and ends at the left margin.
    /// </summary>
    public static string ToNamespace(string program, string name)
    {
        List<string> directives = [],
            statements = [],
            types = [];
        bool inType = false;
        foreach (string line in program.Split('\n'))
        {
            inType |= Regex.IsMatch(line, @"^((public|internal|sealed|abstract|static) )*(class|record|enum|interface) ");
            (
                inType ? types
                : IsDirective(line) ? directives
                : statements
            ).Add(line);
            inType &= line != "}" && !(line.Length > 0 && !char.IsWhiteSpace(line[0]) && line.EndsWith(';'));
        }

        string run = $"internal static class Program {{ public static void Run(string[] args) {{\n{string.Join('\n', statements)}\n}} }}";
        return string.Join('\n', [.. directives, $"namespace {name} {{", run, .. types, "}"]);
    }

    private static bool IsDirective(string line) => Regex.IsMatch(line, @"^using (static )?[\w.]+;");
}
