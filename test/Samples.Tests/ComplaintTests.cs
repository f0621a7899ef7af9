using System.Diagnostics;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>One complaint for one mistake, with what was probably meant.</summary>
public sealed class ComplaintTests
{
    [Theory]
    [InlineData("'train' has no option '--imgaes'. Did you mean '--images'?", "train", "--imgaes", "birds")]
    [InlineData("'train' has no option '--epoch'. Did you mean '--epochs'?", "train", "--images", "birds", "--epoch=3")]
    [InlineData("'predict' has no option '--modle'. Did you mean '--model'?", "predict", "--model", "a.zip", "--modle", "b.zip", "c.png")]
    [InlineData("'pictures' belongs to no option of 'train'. Quote a value that has spaces.", "train", "--images", "my", "pictures")]
    public void AMisspelledOption_IsTheOnlyComplaint(string expected, params string[] words) =>
        Assert.Equal(expected, Assert.Single(Complaints.Of(Program.Create().Parse(words))));

    [Fact]
    public void AMisspelledVerb_IsAUsageErrorWithASuggestion()
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", AppContext.BaseDirectory, "evalute", "--model", "a.zip");

        Assert.Equal(ExitCode.Usage, code);
        Assert.StartsWith("error: There is no verb 'evalute'. Did you mean 'evaluate'?", error, StringComparison.Ordinal);
    }

    [Fact]
    public void NoMemoryOrNoThread_IsOneLine()
    {
        // What tasks throw if the system refuses a thread.
        TaskSchedulerException refused = new(new OutOfMemoryException());

        Assert.Equal(ExitCode.Failure, ExitCode.Guard(() => throw refused));
        Assert.Equal(ExitCode.Failure, ExitCode.Guard(() => throw new OutOfMemoryException()));
        Assert.Contains("ulimit -u", ExitCode.TextOf(ExitCode.Innermost(refused)), StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownBackbone_GetsASuggestionAndNoWall()
    {
        using ColoredImages images = new();

        (int code, _, string error) = ProgramRun.ToEnd(
            "Samples",
            AppContext.BaseDirectory,
            "train",
            "--images",
            images.Root,
            "--no-model",
            "--backbone",
            "resnet-81"
        );

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("Unknown backbone 'resnet-81'. Did you mean 'resnet-18'?", error, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter", error, StringComparison.Ordinal);
        Assert.DoesNotContain("pyramidnet", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        "--epochs must be from 0 to 100000; it is 99999999999. For a value outside: --set Epochs=VALUE.",
        "train",
        "--images",
        ".",
        "--epochs",
        "99999999999"
    )]
    [InlineData("--seed: 99999999999 is outside the range of integers, -2147483648 to 2147483647.", "train", "--images", ".", "--seed", "99999999999")]
    [InlineData("--images: the path is empty.", "train", "--images", "")]
    [InlineData("--model: the path is empty.", "predict", "--model", "", "a.png")]
    [InlineData("Give labeled images or --unlabeled, not both.", "explain", "--model", "a.zip", "--unlabeled", ".", "--images", ".", "--out", "a.html")]
    [InlineData("--gpu must be from 0 to 255; it is -1.", "reproduce", "--gpu", "-1")]
    public void AValueOutOfRangeOrEmpty_IsTheOnlyComplaint(string expected, params string[] words) =>
        Assert.Equal(expected, Assert.Single(Complaints.Of(Program.Create().Parse(words))));

    public static TheoryData<string> Verbs => [.. Program.Create().Subcommands.Select(verb => verb.Name)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void ADeletedWorkingFolder_IsToldByEveryVerb(string verb)
    {
        using TemporaryFolder folder = new();
        string program = Path.Combine(AppContext.BaseDirectory, "Samples.dll");
        ProcessStartInfo start = new("sh", ["-c", $"rmdir \"$PWD\"; exec dotnet '{program}' {verb}"])
        {
            WorkingDirectory = Directory.CreateDirectory(folder["gone"]).FullName,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.Equal(ExitCode.Failure, process.ExitCode);
        Assert.Contains("error: The current folder was deleted. Change to another one.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void ModelAndNoModel_AreRefused() =>
        Assert.Equal(
            "Give --model or --no-model, not both.",
            Assert.Single(Complaints.Of(Program.Create().Parse(["train", "--images", ".", "--model", "a.zip", "--no-model"])))
        );
}
