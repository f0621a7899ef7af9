namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The library's source files, where the tests run beside them.</summary>
internal static class SourceTree
{
    /// <summary>The folder of the library's project; null where only the built tests are there.</summary>
    public static string? Library { get; } = Find(Path.Combine("src", "Microsoft.ML.FeatureMining"));

    /// <summary>The folder of this project; null where only the built tests are there.</summary>
    public static string? Tests { get; } = Find(Path.Combine("test", "Microsoft.ML.FeatureMining.Tests"));

    /// <summary>Each source file of the library: its folder ("" at the top), its path, its lines.</summary>
    public static IEnumerable<(string Folder, string Path, string[] Lines)> Files()
    {
        Skip.If(Library is null, "The source tree is not here.");
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
