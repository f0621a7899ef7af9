using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary><c>train --images DIR</c> and nothing else, and the dial of its effort.</summary>
public sealed class FineTuneTests : IDisposable
{
    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Train_AFolderAndNothingElse_FineTunesMeasuresSavesAndTellsWhatIsNext()
    {
        string damaged = Path.Combine(_images.Root, "red", "damaged.jpg");
        File.WriteAllText(damaged, "no image");

        (int code, string output, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "train", "--images", _images.Root);

        Assert.True(code == 0, error);
        Assert.Contains("Fine-tuning the pretrained network 'mlnet/resnet18', 15.9 million parameters; expected time ", output, StringComparison.Ordinal);
        Assert.Contains("  Epochs: 0 (only the head is fitted; training all layers needs 1000 images or more)", output, StringComparison.Ordinal);
        Assert.Contains("6 of 7 rows measured; left out: 1 unreadable", error, StringComparison.Ordinal);
        Assert.Contains("micro accuracy 100.00 %", output, StringComparison.Ordinal);
        string model = Directory.GetFiles(_folder["models"], "*.zip").Single();
        string[] predicted = ProgramRun.Lines("Samples", _folder.Path, "predict", "--model", model, Directory.GetFiles(Path.Combine(_images.Root, "blue"))[0]);
        Assert.Contains(predicted, line => line.Contains("blue", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_SettingsOfTheCommandLine_AreKept()
    {
        string[] output = ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["train", "--images", _images.Root, "--effort", "fast", "--size", "64", "--unreadable", "Throw", "--test-fraction", "0.5", "--no-model"]
        );

        Assert.Contains("18 test images of 3 classes are held out and measured at the end", output);
        Assert.Contains(output, line => line.StartsWith("Input: 3x64x64", StringComparison.Ordinal));
        Assert.DoesNotContain(output, line => line.StartsWith("  ImageHeight", StringComparison.Ordinal));
        Assert.Contains(output, line => line.StartsWith("head fitted  loss ", StringComparison.Ordinal));
        Assert.DoesNotContain(output, line => line.StartsWith("epoch ", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_Verbose_PrintsAllSettings()
    {
        string[] output = ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["train", "--images", _images.Root, "--effort", "fast", "--size", "64", "--no-model", "--verbose"]
        );

        Assert.Contains("All settings:", output);
        Assert.Contains("InitialWeights: mlnet/resnet18", output);
        Assert.Contains(output, line => line.StartsWith("Optimizer: AdamWOptimizer { ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("5x", "--time '5x' is not a time above zero. Write 90s, 5m or 2h.")]
    [InlineData("0s", "--time '0s' is not a time above zero. Write 90s, 5m or 2h.")]
    [InlineData("1,5m", "--time '1,5m' is not a time above zero. Write 90s, 5m or 2h.")]
    public void Train_ATimeThatIsNone_IsAnError(string time, string expected)
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "train", "--images", _images.Root, "--time", time);

        Assert.Equal(2, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_LinearOrMultiStageHead_IsFineTuned()
    {
        foreach ((string head, string made) in new[] { ("linear:dropout=0.1", "Head: LinearHead {"), ("multi-stage", "Head: MultiStageHead {") })
        {
            (int code, string text, string error) = ProgramRun.ToEnd(
                "Samples",
                _folder.Path,
                ["train", "--images", _images.Root, "--effort", "fast", "--head", head, "--size", "64", "--no-model", "--verbose"]
            );

            Assert.True(code == 0, error);
            Assert.Contains("Fine-tuning the pretrained network", text, StringComparison.Ordinal);
            Assert.Contains(made, text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("--effort", "fast", "--head", "ssm")]
    [InlineData("--time", "1m", "--recipe", "paper")]
    public void Train_EffortOrTimeWithoutFineTuning_IsRefused(string option, string value, string cause, string causeValue)
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, ["train", "--images", _images.Root, option, value, cause, causeValue]);

        Assert.Equal(2, code);
        Assert.Contains($"{option} is for fine-tuning: add --recipe fine-tune, or leave it out.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_FineTuneWithAnotherTrainer_IsAnError()
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "train", "--images", _images.Root, "--trainer", "ssm", "--recipe", "fine-tune");

        Assert.Equal(2, code);
        Assert.Contains("--recipe fine-tune is for --trainer feature-mining.", error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }
}
