using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>Sets twenty times larger than the memory that they may take, each in a process of its own whose managed memory ends there.</summary>
[Trait("Category", "Faults")]
public sealed class BigSetTests(ITestOutputHelper output)
{
    private const int ImageBytes = 3 * 32 * 32;

    // A small process takes some memory for itself; for a large one the budget is all that there is.
    private static readonly int Rows = TestLength.Of(100_000, 1_000_000);
    private static readonly long Budget = (long)Rows * ImageBytes / 20;
    private static readonly long HeapLimit = Math.Max(Budget, 48 << 20);

    [Theory]
    [InlineData("Adaptive")]
    [InlineData("Stream")]
    public void SetBeyondTheBudget_IsReadWithinIt(string storage)
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
    public void SetInMemory_DoesNotFitThere()
    {
        using Process process = Start("Memory");
        process.StandardOutput.ReadToEnd();
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.NotEqual(0, process.ExitCode);
        Assert.Matches("(?i)out ?of ?memory", error);
    }

    [Fact]
    public void KilledWhileItWritesTheFile_LeavesNothingThatTheNextOneTakes()
    {
        using TemporaryFolder folder = new();
        using (Process process = StartIn(folder, "100000"))
        {
            Assert.True(SpinWait.SpinUntil(() => Directory.GetFiles(folder.Path, "*.tmp").Any(file => new FileInfo(file).Length > 0), 60_000), "No file was begun.");
            process.Kill();
            process.WaitForExit();
        }

        string abandoned = Assert.Single(Directory.GetFiles(folder.Path));
        Programs.Run("BigSet", ["2000", "0", "Disk", folder.Path]);
        Assert.False(File.Exists(abandoned));
        Assert.EndsWith(".pixels", Assert.Single(Directory.GetFiles(folder.Path)), StringComparison.Ordinal);
    }

    [Fact]
    public void TwoThatWriteTheSameFileAtOnce_BothReadItAndOneStays()
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
    public void DiskThatIsFull_StreamsAndSaysSo()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "There is no ulimit to shrink the disk with.");
        using TemporaryFolder folder = new();
        // No file may be longer than 1000 blocks of 512 bytes.
        string[] script = ["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$@\"", "sh", Programs.Host, .. Programs.Command("BigSet"), "2000", "0", "Disk", folder.Path];
        // Without the second mapping of compiled code, which is a large file to the system.
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", script) { RedirectStandardOutput = true, Environment = { ["DOTNET_EnableWriteXorExecute"] = "0" } })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Contains("decoded anew in each epoch", said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    private static Process StartIn(TemporaryFolder folder, string rows) => Programs.Start("BigSet", [rows, "0", "Disk", folder.Path]);

    private static Process Start(string storage) => Programs.Start(
        "BigSet", [Invariant(Rows), Invariant(Budget), storage],
        ("DOTNET_GCHeapHardLimit", HeapLimit.ToString("X", CultureInfo.InvariantCulture)), ("DOTNET_DbgEnableMiniDump", "0"));

    private static string Invariant(long number) => number.ToString(CultureInfo.InvariantCulture);
}
