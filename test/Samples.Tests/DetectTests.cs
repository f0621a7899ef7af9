using System.Globalization;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests;
using Samples.Reproduce;

namespace Samples.Tests;

/// <summary>The verbs <c>detect train</c>, <c>detect evaluate</c> and <c>detect predict</c>.</summary>
public sealed class DetectTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void TrainThenEvaluateThenPredict_OnDigits_WritesModelReportsAndImages()
    {
        string voc = Path.Combine(TinyImages.In(new DirectoryInfo(_folder.Path)), "voc");
        string[] small = ["--set", "Network.Channels=8", "--set", "Network.HeadLayers=1", "--set", "Network.ScoreThreshold=0"];

        (int code, string output, string error) = Run(
            ["detect", "train", "--voc", voc, "--part", "train", "--test-part", "test", "--model", "detector.zip", "--report", "train.json", "--size", "64"],
            ["--backbone", "resnext-14-1x4d", "--initial-weights", "none", "--epochs", "2", "--batch", "8", "--no-flip", "--seed", "1", "--threads", "1"],
            // Its policy must not hide broken images from predict.
            [.. small, "--unreadable", "Skip"]
        );
        Assert.True(code == 0, $"{output}{error}");
        Assert.Contains("epoch   2/2  loss ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("accuracy", output, StringComparison.Ordinal);
        Assert.Contains("mean average precision ", output, StringComparison.Ordinal);
        JsonElement report = JsonElement.Parse(File.ReadAllText(_folder["train.json"]));
        Assert.Equal(2, report.GetProperty("history").GetArrayLength());
        Assert.InRange(report.GetProperty("test").GetProperty("mean_average_precision2007").GetDouble(), 0, 1);

        (code, output, error) = Run([
            "detect",
            "evaluate",
            "--model",
            "detector.zip",
            "--voc",
            voc,
            "--out",
            "report.html",
            "--drawn",
            "2",
            "--report",
            "test.json",
        ]);
        Assert.True(code == 0, $"{output}{error}");
        Assert.Contains("<img", File.ReadAllText(_folder["report.html"]), StringComparison.Ordinal);
        Assert.Equal(
            report.GetProperty("test").GetProperty("mean_average_precision").GetDouble(),
            JsonElement.Parse(File.ReadAllText(_folder["test.json"])).GetProperty("test").GetProperty("mean_average_precision").GetDouble()
        );

        string image = Path.Combine(voc, "JPEGImages", "test0.jpg");
        (code, output, error) = Run(["detect", "predict", "--model", "detector.zip", "--folder", "drawn", "--format", "csv", "--min-score", "0", image]);
        Assert.True(code == 0, $"{output}{error}");
        Assert.StartsWith("file,rank,class,score,x0,y0,x1,y1", output, StringComparison.Ordinal);
        Assert.True(File.Exists(_folder["drawn/test0.png"]));
        double score = double.Parse(output.Split('\n')[1].Split(',')[3], CultureInfo.InvariantCulture);

        byte[] drawn = File.ReadAllBytes(_folder["drawn/test0.png"]);
        (code, _, error) = Run(["detect", "predict", "--model", "detector.zip", "--folder", "drawn", "--min-score", "0", _folder["drawn/test0.png"]]);
        Assert.Equal(2, code);
        Assert.Contains("would replace an image that is read", error, StringComparison.Ordinal);
        Assert.Equal(drawn, File.ReadAllBytes(_folder["drawn/test0.png"]));

        string broken = _folder.Write("broken.jpg", "no image");
        (code, output, error) = Run(["detect", "predict", "--model", "detector.zip", "--format", "json", "--min-score", "0", image, broken]);
        Assert.True(code == 1, $"{output}{error}");
        JsonElement[] entries = [.. JsonElement.Parse(output).EnumerateArray()];
        Assert.Equal([image, broken], entries.Select(entry => entry.GetProperty("file").GetString()));
        JsonElement best = entries[0].GetProperty("predictions")[0];
        Assert.Equal(["class", "score", "x0", "y0", "x1", "y1"], best.EnumerateObject().Select(property => property.Name));
        Assert.Equal(score, best.GetProperty("score").GetDouble(), 1e-5);
        Assert.NotEmpty(entries[1].GetProperty("error").GetString()!);

        (code, output, error) = Run(["detect", "predict", "--model", "detector.zip", "--min-score", "1", image]);
        Assert.True(code == 0, $"{output}{error}");
        Assert.Equal($"{image}\tno objects", output.Trim());
    }

    [Fact]
    public void Train_MissingFolder_SaysSo()
    {
        (int code, _, string error) = Run(["detect", "train", "--voc", "nowhere", "--model", "detector.zip"]);

        Assert.NotEqual(0, code);
        Assert.Contains("nowhere' does not exist", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_MisspelledOption_SuggestsTheRightOne()
    {
        (int code, _, string error) = Run(["detect", "train", "--voc", ".", "--model", "detector.zip", "--epoch", "2"]);

        Assert.Equal(2, code);
        Assert.Contains("--epochs", error, StringComparison.Ordinal);
        Assert.Contains("Run 'detect train --help'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_ModelThatIsAClassifierOrMissing_SaysSo()
    {
        (int code, _, string error) = Run(["detect", "predict", "--model", "missing.zip", "image.jpg"]);

        Assert.NotEqual(0, code);
        Assert.Contains("missing.zip' does not exist", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("train", "--voc")]
    [InlineData("evaluate", "--drawn")]
    [InlineData("predict", "--min-score")]
    public void Help_OfAnInnerVerb_ListsItsOptionsAndAnExample(string verb, string option)
    {
        (int code, string output, _) = Run(["detect", verb, "--help"]);

        Assert.Equal(0, code);
        Assert.Contains(option, output, StringComparison.Ordinal);
        Assert.Contains($"  detect {verb} --", output, StringComparison.Ordinal);
        Assert.DoesNotContain("Other", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Help_OfDetect_ListsItsVerbs()
    {
        (_, string output, _) = Run(["detect", "--help"]);

        Assert.All(new[] { "detect train", "detect evaluate", "detect predict" }, verb => Assert.Contains(verb, output, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private (int Code, string Output, string Error) Run(params string[][] words) =>
        ProgramRun.ToEnd("Samples", _folder.Path, [.. words.SelectMany(some => some)]);
}
