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

    [Fact]
    public void ModelAndNoModel_AreRefused() =>
        Assert.Equal(
            "Give --model or --no-model, not both.",
            Assert.Single(Complaints.Of(Program.Create().Parse(["train", "--images", ".", "--model", "a.zip", "--no-model"])))
        );
}
