using System.Diagnostics;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Native;

public sealed class TorchLibraryTests
{
    [Fact]
    public void EnsureLoaded_TorchIsInstalled_Returns()
    {
        TorchLibrary.EnsureLoaded();
        TorchLibrary.EnsureLoaded();
    }

    // TorchSharp itself would write 30 lines to the console, report a wrong cause and copy a gigabyte of files.
    [SkippableTheory]
    [InlineData("libLibTorchSharp.so", "libLibTorchSharp.so")]
    [InlineData("libtorch_cpu.so", ".so")] // if the system has its own libtorch, it is found, and the message names what it lacks
    public void Train_WithoutANativeLibrary_ReportsWhatIsMissing(string missing, string named)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "The file names are those of Linux.");
        using TemporaryFolder folder = new();
        string program = CopyOfTestPrograms(folder, missing);

        ProcessStartInfo start = new(Programs.Host, [program, "TrainToEnd", folder["workspace"], folder["model"]])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.NotEqual(0, process.ExitCode);
        Assert.Equal("training", output.Trim());
        string[] message = error.Result[error.Result.IndexOf(nameof(DllNotFoundException), StringComparison.Ordinal)..].Split('\n');
        Assert.Contains("Cannot load", message[0]);
        Assert.Contains("native code of TorchSharp", message[0]);
        Assert.StartsWith("Missing:", message[1], StringComparison.Ordinal);
        Assert.Contains(named, message[1]);
        Assert.StartsWith("What to do:", message[2], StringComparison.Ordinal);
        Assert.Contains("TorchSharp-cpu", message[2]);
    }

    // A copy of the test programs without one native file. Managed files are copied, not linked, because the host resolves symbolic links.
    private static string CopyOfTestPrograms(TemporaryFolder folder, string missing)
    {
        string target = Directory.CreateDirectory(folder["program"]).FullName,
            natives = Path.Combine("runtimes", "linux-x64", "native");
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
