using System.Diagnostics;
using System.IO.Compression;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>The program in several processes, started by Open MPI.</summary>
public sealed class MpiTests(ColoredImages images) : IClassFixture<ColoredImages>
{
    private const string Launcher = "mpirun.openmpi";

    [SkippableFact]
    public void Train_TwoProcesses_PrintsAndSavesOnceWhatOneProcessDoes()
    {
        using TemporaryFolder folder = new();
        string[] alone = ProgramRun.Lines("Samples", folder.Path, Train(folder["alone.zip"]));

        (int code, string output, string error) = RunTwo(folder.Path, Train(folder["together.zip"]));

        Assert.True(code == 0, error);
        Assert.Equal(Epochs(alone), Epochs(output.Split('\n')));
        Assert.Equal(1, output.Split('\n').Count(line => line.Contains("Saved ", StringComparison.Ordinal)));
        Assert.Equal(Weights(folder["alone.zip"]), Weights(folder["together.zip"]));
    }

    [SkippableFact]
    public void Train_TwoProcessesAnUnknownOption_IsReportedOnce()
    {
        (int code, _, string error) = RunTwo(images.Root, ["train", "--imagse", images.Root]);

        Assert.NotEqual(0, code);
        Assert.Equal(1, error.Split('\n').Count(line => line.StartsWith("error: ", StringComparison.Ordinal)));
    }

    [SkippableFact]
    public void Sweep_TwoProcesses_IsRefused()
    {
        (int code, _, string error) = RunTwo(images.Root, ["sweep", "--images", images.Root]);

        Assert.NotEqual(0, code);
        Assert.Contains(
            "error: 'sweep' was started in 2 processes. Only 'train' and 'detect train' share their work; start 'sweep' once.",
            error.Split('\n').Select(line => line.Trim())
        );
    }

    private string[] Train(string model) =>
        [
            "train",
            "--images",
            images.Root,
            "--recipe",
            "paper",
            "--epochs",
            "2",
            "--lr",
            "0.05",
            "--seed",
            "1",
            "--model",
            model,
            "--size",
            "12",
            "--backbone",
            "cifar-resnet-8",
            "--threads",
            "1",
            "--batch",
            "6",
            "--grad-accum-steps",
            "2",
        ];

    // Without the speed.
    private static string[] Epochs(string[] lines) =>
        [.. lines.Where(line => line.StartsWith("epoch ", StringComparison.Ordinal)).Select(line => line[..line.IndexOf('%', StringComparison.Ordinal)])];

    private static string Weights(string model)
    {
        using ZipArchive archive = ZipFile.OpenRead(model);
        using Stream weights = archive.Entries.Single(entry => entry.FullName.EndsWith(".safetensors", StringComparison.Ordinal)).Open();
        return Convert.ToHexString(SHA256.HashData(weights));
    }

    private static (int Code, string Output, string Error) RunTwo(string folder, string[] arguments)
    {
        Skip.IfNot(
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(path => File.Exists(Path.Combine(path, Launcher))),
            $"{Launcher} is not installed; on Debian, install openmpi-bin."
        );
        ProcessStartInfo start = new(
            Launcher,
            ["--oversubscribe", "--bind-to", "none", "-n", "2", "dotnet", Path.Combine(AppContext.BaseDirectory, "Samples.dll"), .. arguments]
        )
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1";
        // Containers run as root and may not read the memory of other processes.
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
        start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
        start.Environment["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }
}
