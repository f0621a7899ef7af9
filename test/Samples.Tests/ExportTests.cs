using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>The verb <c>export</c>.</summary>
public sealed class ExportTests(TrainedProgram trained) : IClassFixture<TrainedProgram>
{
    [Fact]
    public void Export_Onnx_WritesTheModel()
    {
        using TemporaryFolder folder = new();

        string[] output = ProgramRun.Lines("Samples", folder.Path, "export", "--model", trained.Model, "--onnx", "new/birds.onnx", "--tta", "flip");
        ProgramRun.Lines(
            "Samples",
            folder.Path,
            "export",
            "--model",
            trained.Model,
            "--onnx",
            "half.onnx",
            "--float16-weights",
            "--onnx-input",
            "NormalizedFloats"
        );

        long bytes = new FileInfo(folder["new/birds.onnx"]).Length;
        Assert.Equal($"Wrote {folder["new/birds.onnx"]} ({bytes >> 10} KiB).", output.Single());
        // 77,587 parameters.
        Assert.InRange(bytes, 4 * 77_587, 6 * 77_587);
        Assert.InRange(new FileInfo(folder["half.onnx"]).Length, 2 * 77_587, 4 * 77_587);
    }

    [Fact]
    public void PredictAndEvaluate_AnOnnxFile_GiveWhatTheModelGives()
    {
        using TemporaryFolder folder = new();
        using ColoredImages images = new();
        ProgramRun.Lines("Samples", folder.Path, "export", "--model", trained.Model, "--onnx", "model.onnx");

        foreach (
            string[] words in (string[][])
                [
                    ["predict", images.Root, "--format", "csv"],
                    ["evaluate", "--images", images.Root],
                ]
        )
        {
            string[] expected = ProgramRun.Lines("Samples", folder.Path, [.. words, "--model", trained.Model]);
            string[] actual = ProgramRun.Lines("Samples", folder.Path, [.. words, "--model", "model.onnx"]);

            Assert.Equal(expected.Select(WithoutLastDigits), actual.Select(WithoutLastDigits));
        }
    }

    [Theory]
    [InlineData("is an ONNX file, which only predict and evaluate take. Give the saved model, an ML.NET zip.", "explain", "--out", "report.html")]
    [InlineData("--tta is for saved models: the views of an ONNX model are fixed when it is exported.", "evaluate", "--tta", "flip")]
    public void OtherVerbs_AnOnnxFile_SayWhatTheyNeed(string expected, params string[] words)
    {
        using TemporaryFolder folder = new();
        using ColoredImages images = new();
        ProgramRun.Lines("Samples", folder.Path, "export", "--model", trained.Model, "--onnx", "model.onnx");

        (int code, _, string error) = ProgramRun.ToEnd("Samples", folder.Path, [.. words, "--model", "model.onnx", "--images", images.Root]);

        Assert.NotEqual(0, code);
        Assert.Contains(expected, error, StringComparison.Ordinal);
    }

    // ONNX Runtime's sums differ in the last bits.
    private static string WithoutLastDigits(string line) => Regex.Replace(line, @"(\.\d{4})\d+", "$1");

    [Fact]
    public void Export_WithoutATarget_SaysWhatToGive()
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", trained.Folder, "export", "--model", trained.Model);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("Give --onnx, --out or both.", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Export_OptionsOfOnnxWithoutIt_AreRefused()
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", trained.Folder, "export", "--model", trained.Model, "--out", "weights", "--float16-weights");

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("--float16-weights needs --onnx.", error, StringComparison.Ordinal);
    }
}
