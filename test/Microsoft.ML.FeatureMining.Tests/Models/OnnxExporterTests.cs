using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>Exported models score in ONNX Runtime as <see cref="ImageScorer"/> does.</summary>
public sealed class OnnxExporterTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 3;
    private const int Count = 7;
    private const double Tolerance = 1e-5;

    private static readonly OnnxExportOptions Raw = new();
    private static readonly OnnxExportOptions Normalized = new() { Input = OnnxInput.NormalizedFloats };

    [Theory]
    [InlineData(3, TestTimeAugmentation.None)]
    [InlineData(3, TestTimeAugmentation.Flip)]
    [InlineData(3, TestTimeAugmentation.TenCrop)]
    [InlineData(1, TestTimeAugmentation.None)]
    [InlineData(1, TestTimeAugmentation.TenCrop)]
    public void Score_ImagesOfTheNetworksSize_EqualsTheScorers(int channels, TestTimeAugmentation views)
    {
        SavedModel model = Model(channels, views: views);
        DecodedImage[] images = Noise(Count, model.Manifest.ScoringPreprocessing.Shape.Width, model.Manifest.ScoringPreprocessing.Shape.Height);
        using OnnxRun onnx = OnnxRun.Of(Raw, (model, 1));

        foreach (DecodedImage[] batch in new[] { images, images[..1] })
        {
            float[] expected = Score(model, batch);
            float[] actual = Score(onnx, batch);

            OnnxAssert.Close(expected, actual, Tolerance);
            OnnxAssert.SameTopClass(expected, actual, Classes);
            Assert.Equal(
                expected.Chunk(Classes).Select(scores => $"class {Array.IndexOf(scores, scores.Max())}"),
                onnx.Labels(Bytes(batch), batch.Length, batch[0].Height, batch[0].Width, 3)
            );
        }
    }

    // A pixel may differ by 1 of 255.
    [Theory]
    [InlineData(31, 20, ResizeRule.CropShorterSide)]
    [InlineData(9, 50, ResizeRule.Squash)]
    public void Score_ImagesOfOtherSizes_IsCloseToTheScorers(int width, int height, ResizeRule rule)
    {
        SavedModel plain = Model();
        SavedModel model = new(plain.Manifest with { Preprocessing = plain.Manifest.Preprocessing with { Resize = rule, CropRatio = 0.8 } }, plain.Weights);
        DecodedImage[] images = Noise(Count, width, height);
        using OnnxRun onnx = OnnxRun.Of(Raw, (model, 1));

        OnnxAssert.Close(Score(model, images), Score(onnx, images), 2e-3);
    }

    // A loss decides whether the classes are exclusive (softmax) or not (sigmoid).
    public static TheoryData<string> Losses { get; } = [.. LossCatalog.Keys];

    [Theory]
    [MemberData(nameof(Losses))]
    public void Score_OfEachLoss_EqualsTheScorers(string loss)
    {
        bool isMultilabel = LossCatalog.Create(loss).IsMultilabel;
        SavedModel plain = Model();
        SavedModel model = new(plain.Manifest with { IsMultilabel = isMultilabel }, plain.Weights);
        DecodedImage[] images = Noise(Count, 14, 14);
        using OnnxRun onnx = OnnxRun.Of(Raw, (model, 1));

        float[] expected = Score(model, images);

        OnnxAssert.Close(expected, Score(onnx, images), Tolerance);
        Assert.Equal(isMultilabel ? "multilabel" : "multiclass", onnx.Metadata["task"]);
        if (isMultilabel)
        {
            Assert.Equal(expected.Select(value => value >= 0.5f ? 1f : 0), onnx.Sets(Bytes(images), Count, 14, 14, 3));
        }
    }

    [Theory]
    [InlineData(TestTimeAugmentation.None)]
    [InlineData(TestTimeAugmentation.TenCrop)]
    public void Score_NormalizedFloats_EqualsTheScorers(TestTimeAugmentation views)
    {
        SavedModel model = Model(views: views);
        ImageShape shape = model.Manifest.ScoringPreprocessing.Shape;
        DecodedImage[] images = Noise(Count, shape.Width, shape.Height);
        using OnnxRun onnx = OnnxRun.Of(Normalized, (model, 1));

        float[] floats = Normalize(model.Manifest, images);

        OnnxAssert.Close(Score(model, images), onnx.Score(floats, Count, 3, shape.Height, shape.Width), Tolerance);
        Assert.Equal([-1, 3, shape.Height, shape.Width], onnx.Inputs["Image"].Dimensions);
    }

    [Fact]
    public void Score_PlanarFloats_EqualsTheScorers()
    {
        SavedModel model = TinySavedModel.Make(channels: 3, classes: Classes, element: PixelType.Single, size: 9);
        RandomStream random = new(1, "floats");
        float[] images = [.. Enumerable.Range(0, Count * 3 * 81).Select(_ => (float)random.NextGaussian())];
        float[] normalized = [.. images.Select((value, i) => (value - model.Manifest.Mean[i / 81 % 3]) * (1 / model.Manifest.Std[i / 81 % 3]))];
        using OnnxRun onnx = OnnxRun.Of(Normalized, (model, 1));
        using ImageScorer scorer = new(model, torch.CPU);
        float[] expected = new float[Count * Classes];
        scorer.Score(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(images), Count, expected);

        OnnxAssert.Close(expected, onnx.Score(normalized, Count, 3, 9, 9), Tolerance);
        ArgumentException error = Assert.Throws<ArgumentException>(() => OnnxRun.Of(Raw, (model, 1)));
        Assert.Contains("planar floats", error.Message, StringComparison.Ordinal);
        Assert.Contains("OnnxInput.NormalizedFloats", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_Ensemble_IsTheWeightedMean()
    {
        SavedModel first = Model(),
            second = TinySavedModel.Make("wrn-10-1", channels: 3, Classes, size: 14),
            views = Model(views: TestTimeAugmentation.Flip);
        DecodedImage[] images = Noise(Count, 14, 14);
        using OnnxRun onnx = OnnxRun.Of(Raw, (first, 0.5), (second, 0.3), (views, 0.2));

        float[] expected = Mean((Score(first, images), 0.5), (Score(second, images), 0.3), (Score(views, images), 0.2));

        OnnxAssert.Close(expected, Score(onnx, images), Tolerance);
        Assert.Equal(3, JsonDocument.Parse(onnx.Metadata["manifest"]).RootElement.GetArrayLength());
    }

    [Fact]
    public void Score_EnsembleOfDifferentSizes_ResizesForEach()
    {
        SavedModel small = Model(),
            large = TinySavedModel.Make(channels: 3, classes: Classes, size: 20);
        DecodedImage[] images = Noise(Count, 40, 33);
        using OnnxRun onnx = OnnxRun.Of(Raw, (small, 0.5), (large, 0.5));

        OnnxAssert.Close(Mean((Score(small, images), 0.5), (Score(large, images), 0.5)), Score(onnx, images), 2e-3);
        ArgumentException error = Assert.Throws<ArgumentException>(() => OnnxRun.Of(Normalized, (small, 0.5), (large, 0.5)));
        Assert.Contains("different sizes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_Float16Weights_HalvesTheFileAndKeepsTheScores()
    {
        using TemporaryFolder folder = new();
        SavedModel model = TinySavedModel.Make("resnet-18-cifar-stem", channels: 3, Classes, size: 14);
        DecodedImage[] images = Noise(Count, 14, 14);
        Write(model, Raw, folder["single.onnx"]);
        Write(model, Raw with { Float16Weights = true }, folder["half.onnx"]);
        using OnnxRun half = OnnxRun.Of(folder["half.onnx"]);

        OnnxAssert.Close(Score(model, images), Score(half, images), 2e-2);
        Assert.InRange(new FileInfo(folder["half.onnx"]).Length / (double)new FileInfo(folder["single.onnx"]).Length, 0.45, 0.55);
    }

    [Fact]
    public void Write_WeightTooLargeForFloat16_NamesIt()
    {
        SavedModel model = Model();
        NamedTensors weights = new([
            .. model.Weights.Tensors.Select(tensor =>
                tensor.Name == "layer3.0.conv2.weight" ? tensor with { Bytes = [.. BitConverter.GetBytes(1e5f), .. tensor.Bytes[4..]] } : tensor
            ),
        ]);

        NotSupportedException error = Assert.Throws<NotSupportedException>(() =>
            OnnxRun.Of(Raw with { Float16Weights = true }, (new SavedModel(model.Manifest, weights), 1))
        );

        Assert.Contains("'layer3.0.conv2.weight'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_MoreWeightsThanOneFileHolds_PutsThemBesideIt()
    {
        using TemporaryFolder folder = new();
        SavedModel model = Model();
        DecodedImage[] images = Noise(Count, 14, 14);
        Write(model, Raw, folder["whole.onnx"]);

        Write(model, Raw with { MaxEmbeddedBytes = 1000 }, folder["split.onnx"]);

        using OnnxRun whole = OnnxRun.Of(folder["whole.onnx"]),
            split = OnnxRun.Of(folder["split.onnx"]);
        Assert.Equal(Score(whole, images), Score(split, images));
        string[] files = [.. Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)!];
        Assert.Equal(["split.onnx", "whole.onnx"], files.Where(file => !file.EndsWith(".data", StringComparison.Ordinal)));
        string data = folder[Assert.Single(files, file => Regex.IsMatch(file, @"^split\.onnx\.[0-9a-f]{16}\.data$"))];
        Assert.True(new FileInfo(folder["split.onnx"]).Length < new FileInfo(data).Length);
    }

    // The process dies between the two files of the new model.
    [Fact]
    public void Write_DiesBetweenTheTwoFiles_KeepsTheOldModelUsable()
    {
        using TemporaryFolder folder = new();
        string path = folder["model.onnx"];
        OnnxExportOptions split = Raw with { MaxEmbeddedBytes = 1000 };
        DecodedImage[] images = Noise(Count, 14, 14);
        SavedModel old = Model(),
            other = TinySavedModel.Make("cifar-resnet-14", channels: 3, classes: Classes, size: 14);
        Write(old, split, path);
        string oldData = Assert.Single(OnnxDataFile.Find(path));

        Assert.Throws<OperationCanceledException>(() => Write(other, split with { OnDataWritten = () => throw new OperationCanceledException() }, path));

        Assert.Equal(2, OnnxDataFile.Find(path).Count);
        Assert.Contains(oldData, OnnxDataFile.Find(path));
        using (OnnxRun onnx = OnnxRun.Of(path))
        {
            OnnxAssert.Close(Score(old, images), Score(onnx, images), Tolerance);
        }

        // The next export removes what is left.
        Write(other, split, path);
        Assert.NotEqual(oldData, Assert.Single(OnnxDataFile.Find(path)));
        using (OnnxRun onnx = OnnxRun.Of(path))
        {
            OnnxAssert.Close(Score(other, images), Score(onnx, images), Tolerance);
        }

        Write(old, Raw, path);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Write_BatchNormAfterConvolution_IsFolded()
    {
        using TemporaryFolder folder = new();
        Write(Model(), Raw, folder["plain.onnx"]);
        Write(TinySavedModel.Make("cifar-resnet-8-preact", channels: 3), Raw, folder["preact.onnx"]);

        Assert.DoesNotContain(Nodes(folder["plain.onnx"]), node => node.Operation == "BatchNormalization");
        // The first of each of the three blocks, and the last of the network, follow an addition.
        Assert.Equal(4, Nodes(folder["preact.onnx"]).Count(node => node.Operation == "BatchNormalization"));
        Assert.Equal(["conv1.weight", "bn1.bias"], Nodes(folder["plain.onnx"]).First(node => node.Operation == "Conv").Inputs.Skip(1));
    }

    [Fact]
    public void Metadata_DescribesTheModel()
    {
        SavedModel plain = Model();
        SavedModel model = new(plain.Manifest with { ClassNames = ["grauer Wolf", "\"quoted\"", "日本"] }, plain.Weights);

        using OnnxRun onnx = OnnxRun.Of(Raw, (model, 1));

        Assert.Equal("MlNetFm", onnx.Producer);
        Assert.Equal(model.Manifest.ClassNames, JsonSerializer.Deserialize<string[]>(onnx.Metadata["class_names"]));
        Assert.Equal("RawImages", onnx.Metadata["input"]);
        JsonElement preprocessing = JsonDocument.Parse(onnx.Metadata["preprocessing"]).RootElement[0];
        Assert.Equal(14, preprocessing.GetProperty("height").GetInt32());
        Assert.Equal([100, 101, 102], preprocessing.GetProperty("mean").EnumerateArray().Select(value => value.GetInt32()));
        Assert.Equal("crop_shorter_side", preprocessing.GetProperty("resize").GetString());
        Assert.Equal(model.Manifest.Backbone, ModelManifest.FromJson(JsonDocument.Parse(onnx.Metadata["manifest"]).RootElement[0].GetRawText()).Backbone);
        Assert.Equal(["Image"], onnx.Inputs.Keys);
        Assert.Equal([-1, -1, -1, 3], onnx.Inputs["Image"].Dimensions);
        Assert.Equal(["Score", "PredictedLabel"], onnx.Outputs.Keys);
        Assert.Equal([-1, 3], onnx.Outputs["Score"].Dimensions);
        Assert.Contains(onnx.Labels(Bytes(Noise(1, 14, 14)), 1, 14, 14, 3).Single(), model.Manifest.ClassNames!);
    }

    private static SavedModel Model(int channels = 3, TestTimeAugmentation views = TestTimeAugmentation.None)
    {
        SavedModel model = TinySavedModel.Make(channels: channels, classes: Classes, size: 14);
        return new SavedModel(model.Manifest with { TestTimeAugmentation = views }, model.Weights);
    }

    private static void Write(SavedModel model, OnnxExportOptions options, string path) =>
        new OnnxExporter([(model, 1)], model.Manifest.ClassNames!, options).Write(path);

    private static IReadOnlyList<OnnxNode> Nodes(string path) => OnnxGraph.Read(File.ReadAllBytes(path)).Nodes;

    private static DecodedImage[] Noise(int count, int width, int height)
    {
        RandomStream random = new(1, "pixels");
        return
        [
            .. Enumerable
                .Range(0, count)
                .Select(_ => new DecodedImage(width, height, 3, [.. Enumerable.Range(0, width * height * 3).Select(_ => (byte)random.NextInt(256))])),
        ];
    }

    private static byte[] Bytes(DecodedImage[] images) => [.. images.SelectMany(image => image.Pixels)];

    private static byte[] Preprocessed(ModelManifest manifest, DecodedImage[] images) =>
        [.. images.SelectMany(image => manifest.ScoringPreprocessing.Apply(image))];

    private static float[] Normalize(ModelManifest manifest, DecodedImage[] images)
    {
        ImageShape shape = manifest.ScoringPreprocessing.Shape;
        return
        [
            .. Preprocessed(manifest, images)
                .Select(
                    (value, i) =>
                    {
                        int channel = i / (shape.Height * shape.Width) % shape.Channels;
                        return (value - manifest.Mean[channel]) * (1 / manifest.Std[channel]);
                    }
                ),
        ];
    }

    private static float[] Score(SavedModel model, DecodedImage[] images)
    {
        using ImageScorer scorer = new(model, torch.CPU);
        float[] probabilities = new float[images.Length * Classes];
        scorer.Score(Preprocessed(model.Manifest, images), images.Length, probabilities);
        return probabilities;
    }

    private static float[] Score(OnnxRun onnx, DecodedImage[] images) => onnx.Score(Bytes(images), images.Length, images[0].Height, images[0].Width, 3);

    private static float[] Mean(params (float[] Scores, double Share)[] parts) =>
        [.. Enumerable.Range(0, parts[0].Scores.Length).Select(i => (float)parts.Sum(part => part.Scores[i] * part.Share))];
}
