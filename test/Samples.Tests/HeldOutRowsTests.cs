using System.Formats.Tar;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary><c>evaluate</c> without images after a training on images that are not files of their own.</summary>
public sealed class HeldOutRowsTests : IDisposable
{
    private const int Classes = 3;
    private const int ImagesOfClass = 8;
    private const int Pixels = 32 * 32;

    private readonly TemporaryFolder _folder = new();

    public HeldOutRowsTests()
    {
        _folder.Write("cifar 10/a.bin", Records(0, ImagesOfClass / 2));
        _folder.Write("cifar 10/b.bin", Records(ImagesOfClass / 2, ImagesOfClass));
        using ColoredImages images = new();
        using TarWriter tar = new(File.Create(_folder["images.tar"]));
        foreach (string path in Directory.GetFiles(images.Root, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string label = Path.GetFileName(Path.GetDirectoryName(path)!);
            tar.WriteEntry(path, $"{label}/{Path.GetFileName(path)}");
            tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, $"{label}/{Path.GetFileNameWithoutExtension(path)}.cls") { DataStream = Text(label) });
        }

        static MemoryStream Text(string label) => new(System.Text.Encoding.UTF8.GetBytes(label));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--cifar10", "cifar 10/a.bin", "cifar 10/b.bin")]
    [InlineData("--data", "tars", "images.tar")]
    public void Evaluate_WithoutImages_MeasuresTheRowsThatTrainHeldOut(params string[] data)
    {
        string[] trained = Train([.. data, "--test-fraction", "0.3"]);

        string[] measured = ProgramRun.Lines("Samples", Path.GetTempPath(), "evaluate", "--model", _folder["model.zip"]);

        Assert.Equal(Result(trained), Result(measured));
        Assert.Contains(measured, line => line.Contains("test images listed in", StringComparison.Ordinal));
    }

    [Fact]
    public void Evaluate_WithoutImages_MeasuresTheTestImagesThatWereGiven()
    {
        string[] trained = Train("--cifar10", "cifar 10/a.bin", "--test-cifar10", "cifar 10/b.bin");

        string[] measured = ProgramRun.Lines("Samples", Path.GetTempPath(), "evaluate", "--model", _folder["model.zip"]);

        Assert.Equal(Result(trained), Result(measured));
    }

    [Fact]
    public void Evaluate_WithoutImages_OfOtherData_IsRefused()
    {
        Train("--cifar10", "cifar 10/a.bin", "--test-fraction", "0.3");
        byte[] records = File.ReadAllBytes(_folder["cifar 10/a.bin"]);
        for (int at = 0; at < records.Length; at += 1 + (3 * Pixels))
        {
            records[at] = (byte)((records[at] + 1) % Classes);
        }

        _folder.Write("cifar 10/a.bin", records);

        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "evaluate", "--model", "model.zip");

        Assert.Equal(1, code);
        Assert.Contains("are not those of the list", error, StringComparison.Ordinal);
    }

    // Two lines: how many rows were measured, and the accuracy.
    private static string[] Result(IEnumerable<string> output) =>
        [.. output.Where(line => line.EndsWith("rows measured", StringComparison.Ordinal) || line.StartsWith("micro accuracy", StringComparison.Ordinal))];

    private static byte[] Records(int first, int end) =>
        [
            .. Enumerable
                .Range(0, Classes)
                .SelectMany(label =>
                    Enumerable
                        .Range(first, end - first)
                        .SelectMany(image =>
                            Enumerable.Range(0, 3 * Pixels).Select(i => (byte)((i / Pixels == label ? 200 : 30) + (image * 5))).Prepend((byte)label)
                        )
                ),
        ];

    private string[] Train(params string[] data) =>
        ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["train", .. data, "--epochs", "2", "--lr", "0.05", "--seed", "1", .. TrainedProgram.Small, "--model", "model.zip"]
        );
}
