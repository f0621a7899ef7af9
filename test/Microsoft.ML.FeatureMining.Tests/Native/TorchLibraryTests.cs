using System.Diagnostics;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Native;

public sealed class TorchLibraryTests
{
    [Fact]
    public void EnsureLoaded_WhereTorchIsThere_Returns()
    {
        TorchLibrary.EnsureLoaded();
        TorchLibrary.EnsureLoaded();
    }

    // TorchSharp itself would write 30 lines to the console, name another cause and copy a gigabyte of files.
    [SkippableTheory]
    [InlineData("libLibTorchSharp.so", "libLibTorchSharp.so")]
    [InlineData("libtorch_cpu.so", ".so")] // where the system has a libtorch of its own, that one is found, and what it lacks is said
    public void Train_WithoutANativeLibrary_SaysInThreeLinesWhatIsMissing(string missing, string named)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The names are those of Linux.");
        using TemporaryFolder folder = new();
        string program = CopyOfThePrograms(folder, missing);

        ProcessStartInfo start = new(Programs.Host, [program, "TrainToEnd", folder["workspace"], folder["model"]]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.NotEqual(0, process.ExitCode);
        Assert.Equal("training", output.Trim());
        string[] message = error.Result[error.Result.IndexOf(nameof(DllNotFoundException), StringComparison.Ordinal)..].Split('\n');
        Assert.Contains("native code of TorchSharp", message[0]);
        Assert.StartsWith("Missing:", message[1], StringComparison.Ordinal);
        Assert.Contains(named, message[1]);
        Assert.StartsWith("What to do:", message[2], StringComparison.Ordinal);
        Assert.Contains("TorchSharp-cpu", message[2]);
    }

    // The programs that lie beside the tests, but for one native file. What the host reads is copied, since it follows links to where they point.
    private static string CopyOfThePrograms(TemporaryFolder folder, string missing)
    {
        string target = Directory.CreateDirectory(folder["program"]).FullName, natives = Path.Combine("runtimes", "linux-x64", "native");
        foreach (string file in Directory.GetFiles(AppContext.BaseDirectory).Where(file => Path.GetExtension(file) is ".dll" or ".json"))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        Directory.CreateDirectory(Path.Combine(target, natives));
        foreach (string file in Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, natives)).Where(file => Path.GetFileName(file) != missing))
        {
            File.CreateSymbolicLink(Path.Combine(target, natives, Path.GetFileName(file)), file);
        }

        return Path.Combine(target, "TestPrograms.dll");
    }
}
