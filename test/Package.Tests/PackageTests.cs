using System.IO.Compression;
using System.Xml.Linq;

namespace Package.Tests;

[Collection(nameof(PackageFixture))]
public sealed class PackageTests(PackageFixture package)
{
    [Fact]
    public void Package_Dependencies_AreWhatTheLibraryNeeds()
    {
        using ZipArchive file = package.Open("nupkg");
        XElement metadata = Specification(file);

        Assert.Equal(
            [
                "Google.Protobuf",
                "Microsoft.ML",
                "Microsoft.ML.ImageAnalytics",
                "MlNetFm.Core",
                "SkiaSharp",
                "SkiaSharp.NativeAssets.Linux.NoDependencies",
                "System.IO.Hashing",
                "TorchSharp",
            ],
            metadata
                .Descendants()
                .Where(element => element.Name.LocalName == "dependency")
                .Select(element => (string)element.Attribute("id")!)
                .Order(StringComparer.Ordinal)
        );
        foreach (string name in (string[])["authors", "description", "icon", "license", "projectUrl", "readme", "releaseNotes", "repository", "tags"])
        {
            Assert.Contains(metadata.Elements(), element => element.Name.LocalName == name && (element.Value.Length > 0 || element.HasAttributes));
        }
    }

    [Fact]
    public void Package_Files_AreTheLibraryItsDocsAndItsSymbols()
    {
        using ZipArchive file = package.Open("nupkg"),
            symbols = package.Open("snupkg");

        Assert.Equal(
            [
                "PACKAGE.md",
                "bom.json",
                "buildTransitive/MlNetFm.targets",
                "icon.png",
                "lib/net10.0/Microsoft.ML.FeatureMining.dll",
                "lib/net10.0/Microsoft.ML.FeatureMining.xml",
            ],
            file.Entries.Select(entry => entry.FullName)
                .Where(name => !name.StartsWith("_rels") && !name.StartsWith("package/") && name[0] != '[' && !name.EndsWith(".nuspec"))
                .Order(StringComparer.Ordinal)
        );
        Assert.Contains(symbols.Entries, entry => entry.FullName == "lib/net10.0/Microsoft.ML.FeatureMining.pdb");
    }

    [Fact]
    public void CorePackage_DependsOnNoTorchSharp()
    {
        using ZipArchive file = package.Open("nupkg", "MlNetFm.Core");

        Assert.Equal(
            ["Microsoft.ML", "Microsoft.ML.ImageAnalytics", "SkiaSharp", "SkiaSharp.NativeAssets.Linux.NoDependencies"],
            Specification(file)
                .Descendants()
                .Where(element => element.Name.LocalName == "dependency")
                .Select(element => (string)element.Attribute("id")!)
                .Order(StringComparer.Ordinal)
        );
        Assert.Contains(file.Entries, entry => entry.FullName == "lib/net10.0/Microsoft.ML.FeatureMining.Core.dll");
    }

    [Fact]
    public void Package_Documentation_IsOfPublicTypesAlone()
    {
        using ZipArchive file = package.Open("nupkg");
        string[] members =
        [
            .. XDocument
                .Load(file.GetEntry("lib/net10.0/Microsoft.ML.FeatureMining.xml")!.Open())
                .Descendants("member")
                .Select(member => (string)member.Attribute("name")!),
        ];

        Assert.Contains("T:Microsoft.ML.FeatureMining.FeatureMiningOptions", members);
        Assert.Contains("P:Microsoft.ML.FeatureMining.Training.TrainingOptions.Epochs", members);
        Assert.DoesNotContain(
            members,
            member => member.Contains("ImageCodec", StringComparison.Ordinal) || member.Contains(".Internals", StringComparison.Ordinal)
        );
    }

    private static XElement Specification(ZipArchive file) =>
        XDocument.Load(file.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open()).Root!.Elements().Single();
}
