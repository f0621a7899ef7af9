using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>Whether results can be saved is found out before the work, in every verb.</summary>
public sealed class OutputPathTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // The inputs do not exist: the output is tried before them.
    [Theory]
    [InlineData("--model", "train", "--images", "missing")]
    [InlineData("--report", "train", "--images", "missing", "--no-model")]
    [InlineData("--report", "evaluate", "--model", "missing.zip")]
    [InlineData("--report", "evaluate", "--merge", "missing.json")]
    [InlineData("--sums", "evaluate", "--model", "missing.zip", "--shard", "1/2")]
    [InlineData("--out", "explain", "--model", "missing.zip", "--images", "missing")]
    [InlineData("--grid", "explain", "--model", "missing.zip", "--images", "missing")]
    [InlineData("--out", "ensemble", "--model", "missing.zip")]
    [InlineData("--model", "sweep", "--images", "missing", "--folder", "sweep")]
    [InlineData("--csv", "sweep", "--images", "missing", "--folder", "sweep")]
    [InlineData("--out", "sweep", "--images", "missing", "--folder", "sweep")]
    public void AFolderWhereAFileIsWanted_IsToldFirst(string option, params string[] arguments)
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, [.. arguments, option, _folder.Path]);

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith($"error: {option}: '{_folder.Path}' is a folder. Name a file", error, StringComparison.Ordinal);
    }

    // The first file exists: it is the model, which a report must not replace.
    [Theory]
    [InlineData("explain", "--model", "a.zip", "--images", "x", "--out", "a.zip")]
    [InlineData("explain", "--model", "b.zip", "--compare", "a.zip", "--images", "x", "--grid", "a.zip")]
    [InlineData("explain", "--model", "b.zip", "--images", "x", "--out", "a.zip", "--grid", "./a.zip")]
    [InlineData("evaluate", "--model", "a.zip", "--report", "a.zip")]
    [InlineData("evaluate", "--model", "a.zip", "--shard", "1/2", "--sums", "a.zip")]
    [InlineData("evaluate", "--merge", "a.zip", "--report", "a.zip")]
    [InlineData("ensemble", "--model", "a.zip", "--model", "b.zip", "--out", "a.zip")]
    [InlineData("export", "--model", "a.zip", "--onnx", "a.zip")]
    [InlineData("sweep", "--images", "x", "--folder", "sweep", "--csv", "a.zip", "--out", "a.zip")]
    public void AResultThatReplacesAModelOrAnotherResult_IsRefused(params string[] arguments)
    {
        _folder.Write("a.zip", "a model");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, arguments);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("name the same file", error, StringComparison.Ordinal);
        Assert.Equal("a model", File.ReadAllText(_folder["a.zip"]));
    }

    [SkippableTheory]
    [InlineData("explain", "--model", "a.zip", "--images", "x", "--out", "link.zip")]
    [InlineData("evaluate", "--model", "link.zip", "--report", "a.zip")]
    [InlineData("evaluate", "--model", "links/a.zip", "--report", "a.zip")]
    [InlineData("evaluate", "--model", "a.zip", "--shard", "1/2", "--sums", "link.zip")]
    [InlineData("evaluate", "--merge", "link.zip", "--report", "a.zip")]
    [InlineData("train", "--images", "x", "--model", "a.zip", "--report", "link.zip")]
    public void AResultThatReplacesAModelThroughALink_IsRefused(params string[] arguments)
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need rights.");
        File.CreateSymbolicLink(_folder["link.zip"], _folder.Write("a.zip", "a model"));
        Directory.CreateSymbolicLink(_folder["links"], _folder.Path);

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, arguments);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("name the same file", error, StringComparison.Ordinal);
        Assert.Equal("a model", File.ReadAllText(_folder["a.zip"]));
    }

    [Theory]
    [InlineData("list.test.csv", "train", "--data", "list", "list.test.csv", "--model", "list.zip")]
    [InlineData("list.test.csv", "train", "--images", "x", "--test-data", "list", "list.test.csv", "--model", "list.zip")]
    [InlineData("list.csv", "train", "--data", "list", "list.csv", "--no-model", "--report", "list.csv")]
    [InlineData("list.csv", "evaluate", "--model", "a.zip", "--data", "list", "list.csv", "--report", "list.csv")]
    [InlineData("list.csv", "evaluate", "--model", "a.zip", "--data", "list", "list.csv", "--shard", "1/2", "--sums", "list.csv")]
    [InlineData("a.test.csv", "evaluate", "--model", "a.zip", "--report", "a.test.csv")]
    [InlineData("list.csv", "sweep", "--data", "list", "list.csv", "--folder", "sweep", "--csv", "list.csv")]
    [InlineData("list.csv", "explain", "--model", "a.zip", "--data", "list", "list.csv", "--out", "list.csv")]
    public void AResultThatReplacesAListThatIsRead_IsRefused(string list, params string[] arguments)
    {
        _folder.Write(list, "ImagePath,Label\n");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, arguments);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("name the same file", error, StringComparison.Ordinal);
        Assert.Equal("ImagePath,Label\n", File.ReadAllText(_folder[list]));
    }

    [Fact]
    public void AFileInThePlaceOfTheListOfANewModel_IsKept()
    {
        _folder.Write("birds.test.csv", "mine");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "train", "--images", "x", "--model", "birds.zip");

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("birds.test.csv', but there is no model 'birds.zip'", error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["birds.test.csv"]));
    }

    [Fact]
    public void Digits_InAFolderOfOtherImages_ReplacesNone()
    {
        _folder.Write("train/0/000.png", "mine");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "digits", "--out", ".");

        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains("000.png' is there already, with other content", error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["train/0/000.png"]));
    }

    [Fact]
    public void Export_IntoAFolderWithAnotherManifest_IsRefused()
    {
        _folder.Write("manifest.json", "mine");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "export", "--model", "a.zip", "--out", ".");

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("error: --out: '.' has a manifest.json that does not belong to a model.", error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["manifest.json"]));
    }

    [SkippableFact]
    public void Slurm_AFolderWhoseNameWouldBeALineOfTheScript_IsRefused()
    {
        Skip.If(OperatingSystem.IsWindows(), "No file has such a name.");

        (int code, string output, string error) = ProgramRun.ToEnd(
            "Samples",
            _folder.Path,
            ["sweep", "--images", "x", "--folder", "a\ntouch b", "--slurm", "", "--dry-run"]
        );

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("a quote or a line break", error, StringComparison.Ordinal);
        Assert.Equal("", output);
    }

    [Fact]
    public void AReportInThePlaceOfAnImage_IsRefused()
    {
        _folder.Write("x/class/1.png", "an image");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "train", "--images", "x", "--no-model", "--report", "x/class/1.png");

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("error: --report: 'x/class/1.png' is an image, which is not replaced.", error, StringComparison.Ordinal);
        Assert.Equal("an image", File.ReadAllText(_folder["x/class/1.png"]));
    }

    [SkippableFact]
    public void AReportThroughALink_KeepsTheLink()
    {
        Skip.If(OperatingSystem.IsWindows(), "Links need rights.");
        File.CreateSymbolicLink(_folder["link.json"], _folder.Write("report.json", "old"));

        JsonReport.Write(new FileInfo(_folder["link.json"]), new { Accuracy = 1 });

        Assert.NotNull(new FileInfo(_folder["link.json"]).LinkTarget);
        Assert.Contains("accuracy", File.ReadAllText(_folder["report.json"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--workspace", "train", "--images", "missing", "--no-model")]
    [InlineData("--folder", "sweep", "--images", "missing")]
    [InlineData("--out", "export", "--model", "missing.zip")]
    [InlineData("--out", "digits")]
    [InlineData("--out", "download", "cifar-100", "--from", "http://localhost:9")]
    [InlineData("--out", "reproduce", "feature-mining", "table-9")]
    public void AFileWhereAFolderIsWanted_IsToldFirst(string option, params string[] arguments)
    {
        string file = _folder.Write("file", "x");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, [.. arguments, option, file]);

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith($"error: {option}: '{file}' is a file. Name a folder.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFolder_IsCreatedAndNothingIsLeftInIt()
    {
        OutputPath.TryFile("--model", new FileInfo(_folder["new/deep/model.zip"]));

        Assert.Empty(Directory.GetFileSystemEntries(_folder["new/deep"]));
    }

    [Fact]
    public void AFileInThePlaceOfAFolder_IsNamed()
    {
        string file = _folder.Write("file", "x");

        IOException error = Assert.Throws<IOException>(() => OutputPath.TryFile("--report", new FileInfo(Path.Combine(file, "report.json"))));

        Assert.StartsWith($"--report: nothing can be saved in '{file}'.", error.Message, StringComparison.Ordinal);
    }
}
