using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>The verb <c>calibrate</c>.</summary>
public sealed class CalibrateTests(TrainedProgram trained) : IClassFixture<TrainedProgram>
{
    [Fact]
    public void Calibrate_ImagesWithErrors_LowersTheLogLossAndSavesTheModel()
    {
        using TemporaryFolder folder = new();
        using ColoredImages images = new();
        // A quarter of the images of each class is in the wrong folder, and one cannot be read.
        foreach (string name in ColoredImages.Names)
        {
            foreach (string file in Directory.GetFiles(Path.Combine(images.Root, name)).Order(StringComparer.Ordinal).Take(3))
            {
                File.Move(
                    file,
                    Path.Combine(images.Root, ColoredImages.Names[(Array.IndexOf(ColoredImages.Names, name) + 1) % 3], $"moved-{Path.GetFileName(file)}")
                );
            }
        }

        File.WriteAllText(Path.Combine(images.Root, "red", "broken.png"), "no image");

        (int code, string output, string error) = ProgramRun.ToEnd(
            "Samples",
            folder.Path,
            ["calibrate", "--model", trained.Model, "--images", images.Root, "--out", "new/calibrated.zip"]
        );
        string[] before = Evaluate(trained.Model),
            after = Evaluate(folder["new/calibrated.zip"]);

        Assert.True(code == 0, error);
        Assert.Contains("36 of 37 rows measured; left out: 1 unreadable", output, StringComparison.Ordinal);
        Match told = Regex.Match(
            output,
            @"log-loss ([0-9.]+) -> ([0-9.]+)   expected calibration error [0-9.]+ -> [0-9.]+   accuracy ([0-9.]+) % -> ([0-9.]+) %"
        );
        Assert.True(told.Success, output);
        Assert.Equal([told.Groups[1].Value, told.Groups[3].Value], before);
        Assert.Equal([told.Groups[2].Value, told.Groups[4].Value], after);
        Assert.True(NumberText.TryParse(before[0], out double old) && NumberText.TryParse(after[0], out double calibrated) && calibrated < old, output);
        Assert.Equal(before[1], after[1]);
        Assert.Matches(@"Saved .*calibrated\.zip \([0-9]+ KiB\): temperature [0-9.]+\.", output);

        string[] Evaluate(string model)
        {
            File.Delete(Path.Combine(images.Root, "red", "broken.png"));
            string text = string.Join('\n', ProgramRun.Lines("Samples", folder.Path, "evaluate", "--model", model, "--images", images.Root));
            return [Regex.Match(text, @"log-loss ([0-9.]+)").Groups[1].Value, Regex.Match(text, @"micro accuracy ([0-9.]+) ?%").Groups[1].Value];
        }
    }

    [Theory]
    [InlineData("Option '--out' is required.", "calibrate", "--model", "a.zip", "--images", "x")]
    [InlineData("Give exactly one of --images", "calibrate", "--model", "a.zip", "--out", "b.zip")]
    [InlineData("name the same file", "calibrate", "--model", "a.zip", "--images", "x", "--out", "./a.zip")]
    public void Calibrate_WhatIsMissingOrWrong_IsTold(string expected, params string[] words)
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", trained.Folder, words);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }
}
