using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;

namespace Package.Tests;

/// <summary>The tests that share one package.</summary>
[CollectionDefinition(nameof(PackageFixture))]
public sealed class PackageCollection : ICollectionFixture<PackageFixture>;

/// <summary>The package, made once, in a folder that serves as a feed.</summary>
public sealed class PackageFixture : IDisposable
{
    public PackageFixture()
    {
        Folder = Directory.CreateTempSubdirectory("mlnetfm-package-").FullName;
        // A version of its own: one that lies in a package folder already would be taken from there.
        Version = $"0.2.0-test{Environment.ProcessId}";
        foreach (string project in Projects)
        {
            Run(Root, "pack", project, "-c", Metadata("Configuration"), "-o", Feed, $"-p:Version={Version}", "-v", "quiet");
        }
    }

    /// <summary>The projects that are packed, those that others depend on first.</summary>
    public static string[] Projects =>
        [
            "src/Microsoft.ML.FeatureMining.Core",
            "src/Microsoft.ML.FeatureMining",
            "src/Microsoft.ML.FeatureMining.Onnx",
            "src/Microsoft.ML.FeatureMining.Detection",
        ];

    public static string Root => Metadata("Root");

    public string Folder { get; }

    public string Version { get; }

    public string Feed => Path.Combine(Folder, "feed");

    public ZipArchive Open(string extension, string id = "MlNetFm") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    /// <summary>Runs dotnet to its end; returns what it wrote.</summary>
    public static string Run(string folder, params string[] arguments)
    {
        (int exit, string output) = Start(folder, arguments);
        Assert.True(exit == 0, $"dotnet {string.Join(' ', arguments)} ended with {exit}:\n{output}");
        return output;
    }

    /// <summary>Runs dotnet to its end, whatever that is.</summary>
    public static (int Exit, string Output) Start(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The test host's own variables would change what the SDK does; build servers would outlive the test.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + Environment.NewLine + error.Result);
    }

    public static string Metadata(string key) =>
        typeof(PackageFixture).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == key).Value!;

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
