using System.IO.Compression;
using System.Text.RegularExpressions;

namespace Package.Tests;

/// <summary>The programs in README.md and docs/, built in a folder outside of the repository against the package, and run on small images.</summary>
[Collection(nameof(PackageFixture))]
public sealed class GuideTests(PackageFixture package)
{
    private static readonly string[] Classes = ["dark", "light", "striped"];

    // Not on a page: weights to fine-tune, where a reader has torchvision's.
    private const string Weights = """
        using Microsoft.ML;
        using Microsoft.ML.FeatureMining;
        MLContext ml = new(seed: 1);
        FeatureMiningOptions options = new() { ImageColumnName = "ImagePath", Backbone = "resnet-18", Epochs = 1 };
        var trainer = ml.MulticlassClassification.Trainers.FeatureMining(options);
        ml.Model.ExportImageModel(ml.Transforms.Conversion.MapValueToKey("Label").Append(trainer).Fit(ml.Data.LoadImageFolder("birds/train")), "exported");
        File.Move("exported/weights.safetensors", "resnet18.safetensors");
        """;

    // On Debian 12 and Ubuntu 22.04 TorchSharp's own library does not load; a program must not need to know.
    private const string TorchFirst = """
        using TorchSharp;
        Console.WriteLine(torch.ones(2, 3).sum().ToInt32());
        """;

    [Fact]
    public void Programs_OfAllPages_BuildWithThePackageAndRun()
    {
        List<(string Name, string Program)> programs =
        [
            ("weights", Weights),
            ("torch_first", TorchFirst),
            ("detection_package", Shorten(Markdown.Programs(Markdown.Read("src/Microsoft.ML.FeatureMining.Detection/PACKAGE.md")).Single())),
        ];
        foreach (string page in Markdown.Guides)
        {
            string name = Path.GetFileNameWithoutExtension(page).Replace('-', '_');
            programs.AddRange(Markdown.Programs(Markdown.Read(page)).Select((program, i) => ($"{name}_{i + 1}", Shorten(program))));
        }

        Assert.Contains("Epochs = 2", programs.Single(entry => entry.Name == "fine_tune_2").Program, StringComparison.Ordinal);
        string guides = Build(
            programs,
            "guides",
            [
                ("MlNetFm", package.Version),
                ("MlNetFm.Onnx", package.Version),
                ("MlNetFm.Detection", package.Version),
                ("TorchSharp-cpu", "0.107.0"),
                ("Microsoft.ML.DnnImageFeaturizer.ResNet18", "0.23.1"),
                ("Microsoft.ML.OnnxRuntime", "1.31.1"),
            ]
        );
        WriteImages();
        WriteObjects();

        Assert.Equal("6", Run(guides, "torch_first").Trim());
        Assert.StartsWith("accuracy ", Run(guides, "README_1").Trim(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(package.Folder, "birds.zip")));
        Assert.Contains(Run(guides, "README_2", "birds/test/light/0.bmp").Trim(), Classes);
        // The others run in one process: most of their time would be spent on loading libtorch.
        string[] others = [.. programs.Select(entry => entry.Name).Except(["torch_first", "README_1", "README_2"])];
        Assert.True(others.Length > 9, $"Only {others.Length} programs were found.");
        string output = Run(guides, string.Join(',', others), "birds/test/light/0.bmp");
        Assert.Contains("tensors loaded", output, StringComparison.Ordinal);

        // What the guides say that they write.
        string[] files = ["report.html", "maps.png", "sweep.html", "best.zip", "exported-model/weights.safetensors", "birds.onnx", "detector.zip", "drawn.png"];
        Assert.All(files, file => Assert.True(File.Exists(Path.Combine(package.Folder, file)), file));
        RunOnnxProgram();
    }

    [Fact]
    public void PackageReadme_Programs_AreThoseOfTheRepositorysReadme()
    {
        using ZipArchive file = package.Open("nupkg");
        using StreamReader reader = new(file.GetEntry("PACKAGE.md")!.Open());
        string readme = reader.ReadToEnd();

        Assert.Equal(Markdown.Blocks(Markdown.Read("README.md")).Take(2), Markdown.Blocks(readme));
        Assert.All(Regex.Matches(readme, @"\]\(([^)]*)\)"), link => Assert.StartsWith("https://", link.Groups[1].Value, StringComparison.Ordinal));
    }

    /// <summary>As printed, but for numbers that take time: epochs, trials, sizes.</summary>
    private static string Shorten(string program)
    {
        string shorter = Regex.Replace(program, @"\b(Epochs|Trials) = \d+", "$1 = 2");
        shorter = Regex.Replace(shorter, @"\bSwitchEpoch = \d+", "SwitchEpoch = 1");
        shorter = Regex.Replace(shorter, @"\b(ImageHeight|ImageWidth) = \d+", "$1 = 32");
        return Regex.Replace(shorter, @"\bImageSize = \d+", "ImageSize = 64");
    }

    // What a container gets: neither TorchSharp nor libtorch.
    private void RunOnnxProgram()
    {
        string program = Markdown.Programs(Markdown.Read("src/Microsoft.ML.FeatureMining.Onnx/PACKAGE.md")).Single();
        string assembly = Build([("onnx_package", program)], "onnx", [("MlNetFm.Onnx", package.Version), ("Microsoft.ML.OnnxRuntime", "1.31.1")]);

        Assert.Contains(Run(assembly, "onnx_package", "birds/test/light/0.bmp").Trim(), Classes);
        string[] files = Directory.GetFiles(Path.GetDirectoryName(assembly)!, "*", SearchOption.AllDirectories);
        Assert.Contains(files, file => Path.GetFileName(file) == "Microsoft.ML.FeatureMining.Core.dll");
        Assert.DoesNotContain(files, file => Path.GetFileName(file).Contains("torch", StringComparison.OrdinalIgnoreCase));
    }

    /// <returns>The path of the assembly.</returns>
    private string Build(IReadOnlyList<(string Name, string Program)> programs, string name, (string Id, string Version)[] packages)
    {
        string folder = Directory.CreateDirectory(Path.Combine(package.Folder, name)).FullName;
        foreach ((string page, string program) in programs)
        {
            File.WriteAllText(Path.Combine(folder, $"{page}.cs"), Markdown.ToNamespace(program, page));
        }

        IEnumerable<string> references = packages.Select(entry => $"""<PackageReference Include="{entry.Id}" Version="{entry.Version}" />""");

        string cases = string.Join('\n', programs.Select(entry => $"    case \"{entry.Name}\": {entry.Name}.Program.Run(args[1..]); break;"));
        File.WriteAllText(
            Path.Combine(folder, "Main.cs"),
            $$"""
            foreach (string name in args[0].Split(','))
            {
                switch (name)
                {
            {{cases}}
                    default: throw new ArgumentException(name);
                }
            }
            """
        );
        // The package comes from the feed into a folder of its own; the gigabyte of its dependencies is taken from where it is.
        File.WriteAllText(
            Path.Combine(folder, $"{name}.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
                <RestoreAdditionalProjectSources>{package.Feed}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(package.Folder, "packages")}</RestorePackagesPath>
                <RestoreFallbackFolders>{PackageFixture.Metadata("PackageFolder")}</RestoreFallbackFolders>
                <CreateHardLinksForCopyLocalIfPossible>true</CreateHardLinksForCopyLocalIfPossible>
              </PropertyGroup>
              <ItemGroup>
                {string.Join("\n    ", references)}
              </ItemGroup>
            </Project>
            """
        );
        PackageFixture.Run(folder, "build", "-c", "Release", "-v", "quiet");
        return Path.Combine(folder, "bin", "Release", "net10.0", $"{name}.dll");
    }

    private string Run(string assembly, params string[] arguments) => PackageFixture.Run(package.Folder, [assembly, .. arguments]);

    private void WriteImages()
    {
        Random random = new(1);
        foreach (string part in (string[])["train", "held-out", "test"])
        {
            foreach ((int label, string name) in Classes.Index())
            {
                string folder = Directory.CreateDirectory(Path.Combine(package.Folder, "birds", part, name)).FullName;
                for (int i = 0; i < (part == "train" ? 12 : 4); i++)
                {
                    File.WriteAllBytes(Path.Combine(folder, $"{i}.bmp"), Bitmap(y => label == 2 ? (y / 4 % 2) * 255 : (label * 200) + random.Next(40)));
                }
            }
        }
    }

    // Images with a bright stripe, in the layout of Pascal VOC. The decoder goes by the content, not by the name.
    private void WriteObjects()
    {
        string root = Path.Combine(package.Folder, "street");
        foreach (string folder in (string[])["JPEGImages", "Annotations", "ImageSets/Main"])
        {
            Directory.CreateDirectory(Path.Combine(root, folder));
        }

        foreach (string part in (string[])["train", "val", "trainval", "test"])
        {
            string[] names = [.. Enumerable.Range(0, 4).Select(i => $"{part}-{i}")];
            File.WriteAllLines(Path.Combine(root, "ImageSets", "Main", $"{part}.txt"), names);
            foreach ((int i, string name) in names.Index())
            {
                File.WriteAllBytes(Path.Combine(root, "JPEGImages", $"{name}.jpg"), Bitmap(y => y is >= 8 and < 24 ? 220 : 30));
                File.WriteAllText(
                    Path.Combine(root, "Annotations", $"{name}.xml"),
                    $"""
                    <annotation><size><width>32</width><height>32</height><depth>3</depth></size><object><name>{(
                        i % 2 == 0 ? "stripe" : "band"
                    )}</name><difficult>0</difficult>
                    <bndbox><xmin>1</xmin><ymin>9</ymin><xmax>32</xmax><ymax>24</ymax></bndbox></object></annotation>
                    """
                );
            }
        }
    }

    // 24 bits per pixel, 32x32.
    private static byte[] Bitmap(Func<int, int> gray)
    {
        const int side = 32,
            header = 54;
        byte[] file = new byte[header + (3 * side * side)];
        "BM"u8.CopyTo(file);
        foreach ((int at, int value) in ((int, int)[])[(2, file.Length), (10, header), (14, header - 14), (18, side), (22, side), (26, 1 | (24 << 16))])
        {
            BitConverter.TryWriteBytes(file.AsSpan(at), value);
        }

        for (int y = 0; y < side; y++)
        {
            file.AsSpan(header + (3 * side * y), 3 * side).Fill((byte)gray(y));
        }

        return file;
    }
}
