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
    public void Export_WithoutATarget_SaysWhatToGive()
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", trained.Folder, "export", "--model", trained.Model);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains("Give --onnx, --out or both.", error, StringComparison.Ordinal);
    }
}
