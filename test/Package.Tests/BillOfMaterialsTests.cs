using System.IO.Compression;
using System.Text.Json;
using System.Xml.Linq;

namespace Package.Tests;

/// <summary>The software bill of materials in each package (build/sbom.sh) lists what the build resolves.</summary>
[Collection(nameof(PackageFixture))]
public sealed class BillOfMaterialsTests(PackageFixture package)
{
    private static readonly string[] Permissive = ["MIT", "BSD-3-Clause", "Apache-2.0"];

    // Its package has a license file instead of an identifier; it is MIT.
    private static readonly string[] WithLicenseFile = ["Microsoft.ML.OnnxRuntime.Managed"];

    public static TheoryData<string> Projects => [.. PackageFixture.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Bom_Components_AreTheResolvedPackages(string project)
    {
        using JsonDocument bom = Bom(project);
        using JsonDocument assets = Assets(project);
        IEnumerable<string> resolved =
            from library in assets.RootElement.GetProperty("targets").EnumerateObject().First().Value.EnumerateObject()
            where library.Value.GetProperty("type").GetString() == "package"
            select library.Name.Replace('/', ' ');

        Assert.Equal(resolved.Order(StringComparer.Ordinal), Components(bom).Select(Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Bom_Components_HaveTheHashOfTheRestoredPackageAndAPermissiveLicense(string project)
    {
        using JsonDocument bom = Bom(project);
        using JsonDocument assets = Assets(project);
        string restored = assets.RootElement.GetProperty("packageFolders").EnumerateObject().First().Name;

        Assert.All(
            Components(bom),
            component =>
            {
                JsonElement hash = Assert.Single(component.GetProperty("hashes").EnumerateArray());
                Assert.Equal("SHA-512", hash.GetProperty("alg").GetString());
                string path = assets.RootElement.GetProperty("libraries").GetProperty(Name(component).Replace(' ', '/')).GetProperty("path").GetString()!;
                string expected = File.ReadAllText(Directory.GetFiles(Path.Combine(restored, path), "*.nupkg.sha512").Single());
                Assert.Equal(expected, Convert.ToBase64String(Convert.FromHexString(hash.GetProperty("content").GetString()!)));
                if (!WithLicenseFile.Contains(component.GetProperty("name").GetString()))
                {
                    Assert.Contains(component.GetProperty("licenses")[0].GetProperty("license").GetProperty("id").GetString(), Permissive);
                }
            }
        );
    }

    private JsonDocument Bom(string project)
    {
        string id = XElement.Load(Directory.GetFiles(Path.Combine(PackageFixture.Root, project), "*.csproj").Single()).Descendants("PackageId").Single().Value;
        using ZipArchive file = package.Open("nupkg", id);
        using Stream content = file.GetEntry("bom.json")!.Open();
        JsonDocument bom = JsonDocument.Parse(content);
        Assert.Equal(id, bom.RootElement.GetProperty("metadata").GetProperty("component").GetProperty("name").GetString());
        return bom;
    }

    private static JsonDocument Assets(string project) =>
        JsonDocument.Parse(File.ReadAllBytes(Path.Combine(PackageFixture.Root, project, "obj", "project.assets.json")));

    private static IEnumerable<JsonElement> Components(JsonDocument bom) => bom.RootElement.GetProperty("components").EnumerateArray();

    private static string Name(JsonElement component) => $"{component.GetProperty("name").GetString()} {component.GetProperty("version").GetString()}";
}
