using System.Security.Cryptography;

namespace Package.Tests;

/// <summary>Packing copies of the sources: the same sources give the same bytes in any folder, and a break of the public API gives no package.</summary>
public sealed class PackTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlnetfm-pack-").FullName;

    [Fact]
    public void Pack_SameSourcesInTwoFolders_GiveTheSamePackages()
    {
        string first = CopyOfTheSources("first"),
            second = CopyOfTheSources("another/second");

        foreach (string sources in (string[])[first, second])
        {
            // One solution of them all: each is built once.
            IEnumerable<string> projects = PackageFixture.Projects.Select(project => $"<Project Path=\"{project}/{Path.GetFileName(project)}.csproj\" />");
            File.WriteAllText(Path.Combine(sources, "packages.slnx"), $"<Solution>{string.Concat(projects)}</Solution>");
            PackageFixture.Run(sources, Pack("packages.slnx"));
        }

        // Each with its symbols.
        Assert.Equal(2 * PackageFixture.Projects.Length, Hashes(first).Count());
        Assert.Equal(Hashes(first), Hashes(second));
    }

    [Fact]
    public void Pack_PublicMemberThatIsGone_Fails()
    {
        string sources = CopyOfTheSources("broken");
        string file = Path.Combine(sources, "src", "Microsoft.ML.FeatureMining", "Datasets", "ImageFolder.cs");
        string code = File.ReadAllText(file);
        string broken = code.Replace("public static class ImageFolder", "internal static class ImageFolder", StringComparison.Ordinal);
        Assert.NotEqual(code, broken);
        File.WriteAllText(file, broken);

        (int exit, string output) = PackageFixture.Start(sources, Pack("src/Microsoft.ML.FeatureMining"));

        Assert.NotEqual(0, exit);
        Assert.Contains("CP0001", output, StringComparison.Ordinal);
        Assert.Contains("ImageFolder", output, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string[] Pack(string project) => ["pack", project, "-c", "Release", "-o", "out", "-v", "quiet"];

    private static IEnumerable<string> Hashes(string folder) =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(folder, "out"))
                .Order(StringComparer.Ordinal)
                .Select(file => $"{Path.GetFileName(file)} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))}"),
        ];

    private string CopyOfTheSources(string name)
    {
        string target = Path.Combine(_folder, name);
        string[] files = [.. Directory.EnumerateFiles(PackageFixture.Root), .. Files("build"), .. PackageFixture.Projects.SelectMany(Files)];
        foreach (string file in files)
        {
            string copy = Path.Combine(target, Path.GetRelativePath(PackageFixture.Root, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return target;
    }

    private static IEnumerable<string> Files(string folder) =>
        from file in Directory.EnumerateFiles(Path.Combine(PackageFixture.Root, folder), "*", SearchOption.AllDirectories)
        let parts = Path.GetRelativePath(PackageFixture.Root, file).Split(Path.DirectorySeparatorChar)
        where !parts.Contains("bin") && !parts.Contains("obj")
        select file;
}
