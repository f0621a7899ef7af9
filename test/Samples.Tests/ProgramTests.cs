using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>Verbs of the program as a user types them.</summary>
public sealed class ProgramTests(ColoredImages images) : IClassFixture<ColoredImages>
{
    [Fact]
    public void Sweep_WithSomeSettingsGiven_VariesTheOthers()
    {
        using TemporaryFolder folder = new();

        (int code, string output, string error) = Run(
            "sweep",
            "--images",
            images.Root,
            "--size",
            "12",
            "--backbone",
            "cifar-resnet-8",
            "--epochs",
            "1",
            "--trials",
            "2",
            "--folder",
            folder["sweep"],
            "--csv",
            folder["trials.csv"],
            "--threads",
            "1",
            "--no-flip",
            "--batch",
            "12",
            "--lr",
            "0.05",
            "--set",
            "no-decay-on-norm-and-bias=true",
            "--patience",
            "3",
            "--model",
            folder["best.zip"]
        );

        Assert.True(code == 0, error);
        Assert.Contains("best: trial", output, StringComparison.Ordinal);
        Assert.Equal(
            "trial,state,epochs,score,seconds,error,Loss.LabelSmoothing,Optimizer.Momentum,Optimizer.Nesterov,Stages,WeightDecay",
            File.ReadLines(folder["trials.csv"]).First()
        );
        Assert.True(File.Exists(folder["best.zip"]));
    }

    [Fact]
    public void Train_WithFewerClasses_TrainsAndMeasuresOnThose()
    {
        using TemporaryFolder folder = new();

        (int code, string output, string error) = Run(
            "train",
            "--images",
            images.Root,
            "--classes",
            "2",
            "--test-images",
            images.Root,
            "--size",
            "12",
            "--backbone",
            "cifar-resnet-8",
            "--epochs",
            "1",
            "--batch",
            "12",
            "--threads",
            "1",
            "--model",
            folder["two.zip"]
        );

        Assert.True(code == 0, error);
        Assert.Contains("micro accuracy", output, StringComparison.Ordinal);
        File.WriteAllBytes(folder["image.png"], ColoredImages.Png(2, new Random(1)));
        (code, output, error) = Run("predict", "--model", folder["two.zip"], "--top", "9", folder["image.png"]);
        Assert.True(code == 0, error);
        Assert.Equal(
            ["blue", "green"],
            ColoredImages.Names.Where(name => output.Replace(folder.Path, "", StringComparison.Ordinal).Contains(name, StringComparison.Ordinal))
        );
    }

    [Fact]
    public void Sweep_Help_ListsNothingThatItHasNoUseFor()
    {
        (int code, string help, _) = Run("sweep", "--help");

        Assert.Equal(0, code);
        Assert.Contains("--no-flip", help, StringComparison.Ordinal);
        Assert.All(
            ["--test-fraction", "--top-k", "--workspace", "--report", "--validate-on-test"],
            option => Assert.DoesNotContain(option, help, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Explain_AFileThatIsNoModel_NamesIt()
    {
        using TemporaryFolder folder = new();
        string model = folder.Write("nonsense.zip", "no model");

        (int code, _, string error) = Run("explain", "--model", model, "--images", images.Root, "--out", folder["report.html"]);

        Assert.Equal(1, code);
        Assert.StartsWith($"error: '{model}' cannot be loaded as a model", error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["report.html"]));
    }

    private static (int Code, string Output, string Error) Run(params string[] arguments) => ProgramRun.ToEnd("Samples", AppContext.BaseDirectory, arguments);
}
