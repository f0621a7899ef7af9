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
