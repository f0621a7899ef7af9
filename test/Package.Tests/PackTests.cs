using System.Security.Cryptography;

namespace Package.Tests;

/// <summary>Packing copies of the sources: the same sources give the same bytes in any folder, and a break of the public API gives no package.</summary>
public sealed class PackTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlnetfm-pack-").FullName;

    [Fact]
    public void Pack_SameSourcesInTwoFolders_GiveTheSamePackage()
    {
        string first = CopyOfTheSources("first"),
            second = CopyOfTheSources("another/second");

        PackageFixture.Run(first, Pack);
        PackageFixture.Run(second, Pack);

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

        (int exit, string output) = PackageFixture.Start(sources, Pack);

        Assert.NotEqual(0, exit);
        Assert.Contains("CP0001", output, StringComparison.Ordinal);
        Assert.Contains("ImageFolder", output, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string[] Pack => ["pack", "src/Microsoft.ML.FeatureMining", "-c", "Release", "-o", "out", "-v", "quiet"];

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
