using System.IO.Compression;

namespace Package.Tests;

/// <summary>Two console programs outside of the repository, with package references alone.</summary>
[Collection(nameof(PackageFixture))]
public sealed class ConsumerTests(PackageFixture package)
{
    private static readonly string[] Classes = ["dark", "light", "striped"];

    [Fact]
    public void ReadmePrograms_WithThePackage_TrainEvaluateSaveLoadAndPredict()
    {
        using ZipArchive file = package.Open("nupkg");
        using StreamReader reader = new(file.GetEntry("PACKAGE.md")!.Open());
        string[] programs = [.. Readme.Programs(reader.ReadToEnd())];
        // As printed, but for the number of epochs.
        string training = programs[0].Replace("Epochs = 100", "Epochs = 2", StringComparison.Ordinal);
        Assert.NotEqual(programs[0], training);
        WriteImages();

        string trained = Run("train", training);
        string predicted = Run("predict", programs[1], Path.Combine(package.Folder, "birds", "test", "light", "0.bmp"));

        Assert.StartsWith("accuracy ", trained.Trim(), StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(package.Folder, "birds.zip")));
        Assert.Contains(predicted.Trim(), Classes);
    }

    // On Debian 12 and Ubuntu 22.04 TorchSharp's own library does not load; a program must not need to know.
    [Fact]
    public void Program_ThatUsesTorchSharpFirst_Runs() =>
        Assert.Equal("6", Run("torch-first", "using TorchSharp;\n\nConsole.WriteLine(torch.ones(2, 3).sum().ToInt32());\n").Trim());

    private string Run(string name, string program, params string[] arguments)
    {
        string folder = Directory.CreateDirectory(Path.Combine(package.Folder, name)).FullName;
        File.WriteAllText(Path.Combine(folder, "Program.cs"), program);
        // The package comes from the feed into a folder of its own; the gigabyte of its dependencies is taken from where it is.
        File.WriteAllText(Path.Combine(folder, $"{name}.csproj"), $"""
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
                <PackageReference Include="MlNetFm" Version="{package.Version}" />
                <PackageReference Include="TorchSharp-cpu" Version="0.107.0" />
              </ItemGroup>
            </Project>
            """);
        PackageFixture.Run(folder, "build", "-c", "Release", "-v", "quiet");
        return PackageFixture.Run(package.Folder, [Path.Combine(folder, "bin", "Release", "net10.0", $"{name}.dll"), .. arguments]);
    }

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

    // 24 bits per pixel, 32x32.
    private static byte[] Bitmap(Func<int, int> gray)
    {
        const int side = 32, header = 54;
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
