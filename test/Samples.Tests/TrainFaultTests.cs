using System.Diagnostics;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>Mistakes and mishaps of <c>train</c>: told early, and nothing is lost.</summary>
public sealed class TrainFaultTests : IDisposable
{
    private static readonly string[] Short = ["--recipe", "paper", "--backbone", "cifar-resnet-8", "--size", "16", "--stages", "0", "--epochs", "1"];

    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Train_OneImagePerClass_HoldsNoneOutSaysSoAndSaves()
    {
        foreach (string label in Directory.GetDirectories(_images.Root))
        {
            Array.ForEach(Directory.GetFiles(label)[1..], File.Delete);
        }

        (int code, string output, string error) = Run([.. Short, "--images", _images.Root, "--test-fraction", "0.2", "--model", "one.zip"]);

        Assert.True(code == 0, error);
        Assert.Contains("warning: no class has two images, so none is held out; the model is not measured.", error, StringComparison.Ordinal);
        Assert.Contains("Saved ", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Train_DiskFullWhenSaving_SavesElsewhereAndSaysWhere()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/dev/full is on Linux.");

        File.CreateSymbolicLink(_folder["model.zip"], "/dev/full");

        (int code, _, string error) = Run([.. Short, "--images", _images.Root, "--model", "model.zip"]);

        Assert.Equal(1, code);
        Assert.Contains("No space left on device", error, StringComparison.Ordinal);
        string other = error[(error.IndexOf("saved as '", StringComparison.Ordinal) + "saved as '".Length)..];
        FileInfo saved = new(other[..other.IndexOf('\'', StringComparison.Ordinal)]);
        Assert.True(saved.Length > 1000, saved.FullName);
        saved.Directory!.Delete(recursive: true);
    }

    // The output often goes to a file on the disk that checkpoints fill.
    [SkippableTheory]
    [InlineData("> /dev/full 2> error")]
    [InlineData("> /dev/full 2>&1")]
    public void Train_OutputThatCannotBeWritten_SavesTheModelAndFails(string redirection)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/dev/full is on Linux.");

        int code = Shell($"train {string.Join(' ', Short)} --images '{_images.Root}' --model saved.zip {redirection}");

        Assert.Equal(ExitCode.Failure, code);
        Assert.True(new FileInfo(_folder["saved.zip"]).Length > 1000);
        Assert.DoesNotContain("   at ", File.Exists(_folder["error"]) ? File.ReadAllText(_folder["error"]) : "", StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("")]
    [InlineData("train --help")]
    [InlineData("train --nonsense")]
    [InlineData("predict --model missing.zip missing.png")]
    public void AnyVerb_OutputThatCannotBeWritten_Fails(string words)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "/dev/full is on Linux.");

        Assert.InRange(Shell($"{words} > /dev/full 2>&1"), ExitCode.Failure, ExitCode.Usage);
    }

    private int Shell(string command)
    {
        using Process process = Process.Start(
            new ProcessStartInfo("/bin/sh", ["-c", $"exec dotnet '{Path.Combine(AppContext.BaseDirectory, "Samples.dll")}' {command}"])
            {
                WorkingDirectory = _folder.Path,
                Environment = { ["OMP_NUM_THREADS"] = "1" },
            }
        )!;
        process.WaitForExit();
        return process.ExitCode;
    }

    [SkippableTheory]
    [InlineData("TERM")]
    [InlineData("HUP")]
    public async Task Train_Terminated_SavesTheEpochsThatAreDone(string signal)
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no signals.");

        string[] many = [.. Short[..^1], "100000"];
        using Process process = ProgramRun.Start("Samples", _folder.Path, ["train", .. many, "--images", _images.Root, "--model", "stopped.zip"]);
        Task<string> error = process.StandardError.ReadToEndAsync();
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.StartsWith("epoch ", StringComparison.Ordinal)) { }

        Task<string> rest = process.StandardOutput.ReadToEndAsync();
        using Process kill = Process.Start("/bin/sh", ["-c", $"kill -{signal} {process.Id}"]);
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromMinutes(1)).Token);

        Assert.True(process.ExitCode == 130, await error);
        Assert.Contains("Saved ", await rest, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["stopped.zip"]));
    }

    [Fact]
    public void Train_TestImagesAmongTheTrainingImages_Warns()
    {
        (int code, _, string error) = Run([.. Short, "--images", _images.Root, "--test-images", _images.Root, "--no-model"]);

        Assert.True(code == 0, error);
        Assert.Contains("36 of 36 test images are also training images", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--gpu must be from 0 to 255; it is -1.", "--gpu", "-1")]
    [InlineData("--gpu 200: TorchSharp finds ", "--gpu", "200")]
    [InlineData("BatchSize must be", "--set", "BatchSize=-5")]
    [InlineData("'Foo' is not a setting of FeatureMiningOptions. --verbose prints all settings of a run.", "--set", "Foo=1")]
    [InlineData("nothere", "--initial-weights", "nothere")]
    public void Train_InvalidSetting_IsToldBeforeTheImagesAreRead(string expected, params string[] words)
    {
        (int code, string output, string error) = Run(["--images", _images.Root, .. words]);

        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    private (int Code, string Output, string Error) Run(params string[] words) => ProgramRun.ToEnd("Samples", _folder.Path, ["train", .. words]);
}
