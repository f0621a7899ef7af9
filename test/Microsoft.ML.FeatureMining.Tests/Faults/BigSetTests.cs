using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>Image sets twenty times larger than the memory budget, each in a separate process with limited managed memory.</summary>
[Trait("Category", "Faults")]
public sealed class BigSetTests(ITestOutputHelper output)
{
    private const int ImageBytes = 3 * 32 * 32;

    // The process itself needs some memory, so a small budget gets a higher limit.
    private static readonly int Rows = TestLength.Of(100_000, 1_000_000);
    private static readonly long Budget = (long)Rows * ImageBytes / 20;
    private static readonly long HeapLimit = Math.Max(Budget, 48 << 20);

    [Theory]
    [InlineData("Adaptive")]
    [InlineData("Stream")]
    public void SetBeyondTheBudget_IsReadWithinTheLimit(string storage)
    {
        using Process process = Start(storage);
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        output.WriteLine($"{Rows} rows, {storage}, managed memory limited to {HeapLimit >> 20} MiB: {string.Join(", ", lines)}");
        Assert.True(process.ExitCode == 0, error);
        Assert.Equal($"set {(long)Rows * ImageBytes}", lines[0]);
        Assert.Equal(10, lines.Count(line => line.StartsWith("tenth ", StringComparison.Ordinal)));
    }

    [Fact]
    public void SetInMemory_RunsOutOfMemory()
    {
        using Process process = Start("Memory");
        process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.NotEqual(0, process.ExitCode);
        Assert.Matches("(?i)out ?of ?memory", error);
    }

    [Fact]
    public void KilledWhileWriting_LeavesNoFileThatIsReused()
    {
        using TemporaryFolder folder = new();
        using (Process process = StartIn(folder, "100000"))
        {
            Assert.True(
                SpinWait.SpinUntil(() => Directory.GetFiles(folder.Path, "*.tmp").Any(file => new FileInfo(file).Length > 0), 60_000),
                "No file was created."
            );
            process.Kill();
            process.WaitForExit();
        }

        // Beside it is its lock file, which the next process deletes too.
        string abandoned = Assert.Single(Directory.GetFiles(folder.Path, "*.tmp"));
        Programs.Run("BigSet", ["2000", "0", "Disk", folder.Path]);
        Assert.False(File.Exists(abandoned));
        Assert.EndsWith(".pixels", Assert.Single(Directory.GetFiles(folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void TwoProcessesWriteTheSameFile_BothReadItAndOneRemains()
    {
        using TemporaryFolder folder = new();
        Process[] both = [StartIn(folder, "20000"), StartIn(folder, "20000")];
        foreach (Process process in both)
        {
            using (process)
            {
                process.StandardOutput.ReadToEnd();
                string error = process.StandardError.ReadToEnd();
                process.WaitForExit();
                Assert.True(process.ExitCode == 0, error);
            }
        }

        string file = Assert.Single(Directory.GetFiles(folder.Path));
        DateTime made = File.GetLastWriteTimeUtc(file);
        Programs.Run("BigSet", ["20000", "0", "Disk", folder.Path]);
        Assert.Equal(made, File.GetLastWriteTimeUtc(Assert.Single(Directory.GetFiles(folder.Path))));
    }

    [SkippableFact]
    public void DiskFull_StreamsAndWarns()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "ulimit, which simulates a full disk, is not available.");
        using TemporaryFolder folder = new();
        // Limits files to 1000 blocks of 512 bytes.
        string[] script =
        [
            "-c",
            "trap '' XFSZ; ulimit -f 1000; exec \"$@\"",
            "sh",
            Programs.Host,
            .. Programs.Command("BigSet"),
            "2000",
            "0",
            "Disk",
            folder.Path,
        ];
        // Disables the double mapping of compiled code, which counts as a large file.
        using Process process = Process.Start(
            new ProcessStartInfo("/bin/sh", script) { RedirectStandardOutput = true, Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" } }
        )!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Contains("decoded again in each epoch", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static Process StartIn(TemporaryFolder folder, string rows) => Programs.Start("BigSet", [rows, "0", "Disk", folder.Path]);

    private static Process Start(string storage) =>
        Programs.Start(
            "BigSet",
            [Invariant(Rows), Invariant(Budget), storage],
            ("DOTNET_GCHeapHardLimit", HeapLimit.ToString("X", CultureInfo.InvariantCulture)),
            ("DOTNET_DbgEnableMiniDump", "0")
        );

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);
}
