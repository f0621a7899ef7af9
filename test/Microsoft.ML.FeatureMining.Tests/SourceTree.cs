namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The source files of the library, if the tests run in the source tree.</summary>
internal static class SourceTree
{
    /// <summary>The project folder of the library; null if only the built tests are available.</summary>
    public static string? Library { get; } = Find(Path.Combine("src", "Microsoft.ML.FeatureMining"));

    /// <summary>The folder of the test project; null if only the built tests are available.</summary>
    public static string? Tests { get; } = Find(Path.Combine("test", "Microsoft.ML.FeatureMining.Tests"));

    /// <summary>All source files of the library: top-level folder (empty for files at the root), relative path, lines.</summary>
    public static IEnumerable<(string Folder, string Path, string[] Lines)> Files()
    {
        Skip.If(Library is null, "The source tree was not found.");
        return from path in Directory.EnumerateFiles(Library!, "*.cs", SearchOption.AllDirectories)
            let relative = System.IO.Path.GetRelativePath(Library!, path).Replace('\\', '/')
            where !relative.StartsWith("obj/", StringComparison.Ordinal) && !relative.StartsWith("bin/", StringComparison.Ordinal)
            select (relative.Contains('/') ? relative[..relative.IndexOf('/')] : "", relative, File.ReadAllLines(path));
    }

    private static string? Find(string project)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (Directory.Exists(Path.Combine(folder.FullName, project)))
            {
                return Path.Combine(folder.FullName, project);
            }
        }

        return null;
    }
}
