using System.Formats.Tar;
using System.Text;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary><c>evaluate</c> without images after a training on images that are not files of their own.</summary>
public sealed class HeldOutRowsTests : IDisposable
{
    private const int Classes = 3;
    private const int ImagesOfClass = 8;
    private const int Pixels = 32 * 32;

    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();

    public HeldOutRowsTests()
    {
        _folder.Write("cifar\u3000 10/a.bin", Records(0, ImagesOfClass / 2));
        _folder.Write("cifar\u3000 10/b.bin", Records(ImagesOfClass / 2, ImagesOfClass));
        WriteTar(Files);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("--cifar10", "cifar\u3000 10/a.bin", "cifar\u3000 10/b.bin")]
    [InlineData("--data", "tars", "images.tar")]
    public void Evaluate_WithoutImages_MeasuresTheRowsThatTrainHeldOut(params string[] data)
    {
        string expected = Train([.. data, "--test-fraction", "0.3"]);

        string[] measured = Evaluate();

        Assert.Equal(expected, Report("measured.json"));
        Assert.Contains(measured, line => line.Contains("test images listed in", StringComparison.Ordinal));
    }

    [Fact]
    public void Evaluate_WithoutImages_MeasuresTheTestImagesThatWereGiven()
    {
        string expected = Train("--cifar10", "cifar\u3000 10/a.bin", "--test-cifar10", "cifar\u3000 10/b.bin");

        Evaluate();

        Assert.Equal(expected, Report("measured.json"));
    }

    [Fact]
    public void Evaluate_WithoutImages_OfOtherLabels_IsRefused()
    {
        const string file = "cifar\u3000 10/a.bin";
        Train("--cifar10", file, "--test-fraction", "0.3");
        byte[] records = File.ReadAllBytes(_folder[file]);
        for (int at = 0; at < records.Length; at += 1 + (3 * Pixels))
        {
            records[at] = (byte)((records[at] + 1) % Classes);
        }

        _folder.Write(file, records);

        AssertChanged();
    }

    // All labels stay where they are, but the images are others.
    [Fact]
    public void Evaluate_WithoutImages_OfATarFileWithOneImageLess_IsRefused()
    {
        Train("--data", "tars", "images.tar", "--test-fraction", "0.3");
        WriteTar(Files.Skip(1));

        AssertChanged();
    }

    [Fact]
    public void Train_FilesWithFurtherColumns_ListsTheFiles()
    {
        foreach (string file in Files)
        {
            int label = Array.IndexOf(ColoredImages.Names, Path.GetFileName(Path.GetDirectoryName(file)));
            _folder.Write($"tiny/train/n0000000{label}/images/{Path.GetFileName(file)}", File.ReadAllBytes(file));
        }

        _folder.Write("tiny/wnids.txt", "n00000000\nn00000001\nn00000002\n");
        _folder.Write("tiny/words.txt", "n00000000\tblue\nn00000001\tgreen\nn00000002\tred\n");

        Train("--data", "tiny-imagenet", "tiny", "--test-fraction", "0.3");

        Assert.Equal("ImagePath,Label", File.ReadLines(_folder["model.test.csv"]).First());
        Evaluate();
    }

    [Theory]
    [InlineData("https://example.com/{0..9}.tar", true)]
    [InlineData("https://example.com/{0..9}.tar?sig=secret", false)]
    [InlineData("https://me:secret@example.com/{0..9}.tar", false)]
    public void Lines_OfAnAddressWithASecret_AreNotKept(string address, bool isListed)
    {
        IDataView rows = new MLContext(1).Data.LoadFromEnumerable([new Named { Label = "a" }]);

        Assert.Equal(isListed, HeldOutRows.Lines(rows, ["--data", "tars", address]) is not null);
    }

    private sealed class Named
    {
        public string Label { get; set; } = "";
    }

    private IEnumerable<string> Files => Directory.GetFiles(_images.Root, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    private static byte[] Records(int first, int end)
    {
        Random random = new(first);
        return
        [
            .. Enumerable
                .Range(0, Classes * (end - first))
                .SelectMany(image =>
                    Enumerable
                        .Range(0, 3 * Pixels)
                        .Select(i => (byte)(random.Next(100) + (i / Pixels == image % Classes ? 60 : 0)))
                        .Prepend((byte)(image % Classes))
                ),
        ];
    }

    private void WriteTar(IEnumerable<string> files)
    {
        using TarWriter tar = new(File.Create(_folder["images.tar"]));
        foreach (string path in files)
        {
            string label = Path.GetFileName(Path.GetDirectoryName(path)!);
            tar.WriteEntry(path, $"{label}/{Path.GetFileName(path)}");
            PaxTarEntry entry = new(TarEntryType.RegularFile, $"{label}/{Path.GetFileNameWithoutExtension(path)}.cls")
            {
                DataStream = new MemoryStream(Encoding.UTF8.GetBytes(label)),
            };
            tar.WriteEntry(entry);
        }
    }

    // What was measured, with the loss of single images.
    private string Train(params string[] data)
    {
        ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["train", .. data, "--epochs", "2", "--lr", "0.05", "--seed", "1", .. TrainedProgram.Small, "--model", "model.zip", "--report", "trained.json"]
        );
        return Report("trained.json");
    }

    private string[] Evaluate() =>
        ProgramRun.Lines("Samples", Path.GetTempPath(), "evaluate", "--threads", "1", "--model", _folder["model.zip"], "--report", _folder["measured.json"]);

    private string Report(string name)
    {
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(_folder[name]));
        return report.RootElement.GetProperty("test").GetRawText();
    }

    private void AssertChanged()
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, "evaluate", "--model", "model.zip");

        Assert.Equal(1, code);
        Assert.Contains("The data set has changed", error, StringComparison.Ordinal);
    }
}
