using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>The short programs in <c>samples</c>, each as its reader runs it.</summary>
public sealed class ShortProgramTests(ColoredImages images) : IClassFixture<ColoredImages>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Quickstart_AFolderOfImages_TrainsEvaluatesSavesAndPredicts()
    {
        string[] lines = ProgramRun.Lines("Quickstart", _folder.Path, images.Root, "2");

        AssertTrained(lines, epochs: 2);
        string[] predicted = lines[^5..];
        Assert.All(predicted, line => Assert.StartsWith(images.Root, line, StringComparison.Ordinal));
        Assert.All(predicted, line => Assert.Contains(line[(line.LastIndexOf(' ') + 1)..], ColoredImages.Names));
    }

    [Fact]
    public void OwnStrategy_IsTrainedWithAndInTheManifest()
    {
        string[] lines = ProgramRun.Lines("OwnStrategy", _folder.Path, images.Root, "2");

        AssertTrained(lines, epochs: 2);
        Assert.Contains("\"confidence-penalty\"", string.Concat(lines), StringComparison.Ordinal);
        Assert.Contains("\"weight\": 0.2", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void OwnBackbone_IsTrainedAndLoaded()
    {
        string[] lines = ProgramRun.Lines("OwnBackbone", _folder.Path, images.Root, "2");

        AssertTrained(lines, epochs: 2);
        // Kernels, BatchNorm and the classifier of 3 classes, by hand.
        int kernels = 9 * ((3 * 16) + (16 * 16) + (16 * 16) + (16 * 32) + (32 * 32) + (32 * 64) + (64 * 64));
        int norms = 2 * (16 + 16 + 16 + 32 + 32 + 64 + 64);
        Assert.Equal($"three-stages: {kernels + norms + (64 * 3) + 3} parameters", lines[^1]);
    }

    [Fact]
    public void OwnAugmentation_IsTrainedWithAndInTheManifest()
    {
        string[] lines = ProgramRun.Lines("OwnAugmentation", _folder.Path, images.Root, "2");

        AssertTrained(lines, epochs: 2);
        Assert.Contains("\"random-grayscale\"", string.Concat(lines), StringComparison.Ordinal);
        Assert.Contains("\"probability\": 0.2", string.Concat(lines), StringComparison.Ordinal);
    }

    [Fact]
    public void OwnDataSet_AZipOfImages_IsLearned()
    {
        ZipFile.CreateFromDirectory(images.Root, _folder["images.zip"]);

        string[] lines = ProgramRun.Lines("OwnDataSet", _folder.Path, _folder["images.zip"], "25");

        AssertTrained(lines, epochs: 25);
        // Red, green and blue are easy.
        Assert.Contains(lines, line => line.StartsWith("accuracy 100", StringComparison.Ordinal));
        Assert.All(lines[^5..], line => Assert.Contains(line, ColoredImages.Names.Select(name => $"{name}: {name}")));
    }

    private void AssertTrained(string[] lines, int epochs)
    {
        IEnumerable<string> finished = lines.Where(line => line.StartsWith("epoch ", StringComparison.Ordinal)).Select(line => line[..line.IndexOf(':')]);
        Assert.Equal(Enumerable.Range(1, epochs).Select(epoch => $"epoch {epoch}"), finished);
        string accuracy = Assert.Single(lines, line => line.StartsWith("accuracy ", StringComparison.Ordinal));
        Assert.InRange(double.Parse(accuracy["accuracy ".Length..].TrimEnd('%', ' '), CultureInfo.InvariantCulture), 0, 100);
        Assert.True(File.Exists(_folder["model.zip"]));
    }
}
