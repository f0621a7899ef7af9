namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The source files of the library, if the tests run in the source tree.</summary>
internal static class SourceTree
{
    // The library, the part of it that needs no TorchSharp, scoring with ONNX Runtime, and object detection.
    private static readonly string?[] Projects =
    [
        Find(Path.Combine("src", "Microsoft.ML.FeatureMining")),
        Find(Path.Combine("src", "Microsoft.ML.FeatureMining.Core")),
        Find(Path.Combine("src", "Microsoft.ML.FeatureMining.Onnx")),
        Find(Path.Combine("src", "Microsoft.ML.FeatureMining.Detection")),
    ];

    /// <summary>The folder of the test project; null if only the built tests are available.</summary>
    public static string? Tests { get; } = Find(Path.Combine("test", "Microsoft.ML.FeatureMining.Tests"));

    /// <summary>
    /// All source files of all assemblies of the library: top-level folder (empty for files at the root), relative path, lines. Object detection has namespaces
    /// of its own, so its paths start with Detection/.
    /// </summary>
    public static IEnumerable<(string Folder, string Path, string[] Lines)> Files()
    {
        Skip.If(Projects[0] is null, "The source tree was not found.");
        return from project in Projects
            from path in Directory.EnumerateFiles(project!, "*.cs", SearchOption.AllDirectories)
            let relative = System.IO.Path.GetRelativePath(project!, path).Replace('\\', '/')
            where !relative.StartsWith("obj/", StringComparison.Ordinal) && !relative.StartsWith("bin/", StringComparison.Ordinal)
            let prefix = project == Projects[^1] ? "Detection/" : ""
            select (relative.Contains('/') ? relative[..relative.IndexOf('/')] : "", prefix + relative, File.ReadAllLines(path));
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
