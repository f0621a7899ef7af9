using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.Training;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.Models;

public sealed class SavedModelFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [Fact]
    public void SaveFolder_LoadFolder_IsTheSameModel()
    {
        SavedModel saved = TinySavedModel.Make();

        saved.SaveFolder(Path.Combine(_folder.FullName, "deep", "model"));
        SavedModel loaded = SavedModel.LoadFolder(Path.Combine(_folder.FullName, "deep", "model"));

        Assert.Equal(saved.Manifest.ToJson(), loaded.Manifest.ToJson());
        Assert.Equal(TinyRun.Bits(saved.Weights), TinyRun.Bits(loaded.Weights));
        Assert.Equal(
            [SavedModel.ManifestFile, SavedModel.WeightsFile],
            Directory.GetFiles(Path.Combine(_folder.FullName, "deep", "model")).Select(Path.GetFileName).Order()
        );
    }

    [Fact]
    public void SaveFolder_OverAnOlderModel_ReplacesIt()
    {
        TinySavedModel.Make(classes: 3).SaveFolder(_folder.FullName);
        TinySavedModel.Make(classes: 5).SaveFolder(_folder.FullName);

        SavedModel loaded = SavedModel.LoadFolder(_folder.FullName);

        Assert.Equal(5, loaded.Manifest.ClassCount);
        using ImageScorer scorer = new(loaded, torch.CPU);
    }

    // As if an export had ended, or another process read, between the two files.
    [Fact]
    public void LoadFolder_FilesOfTwoModels_Throws()
    {
        string old = Path.Combine(_folder.FullName, "old"),
            renewed = Path.Combine(_folder.FullName, "new");
        SavedModel saved = TinySavedModel.Make();
        saved.SaveFolder(old);
        NamedTensor[] zeros = [.. saved.Weights.Tensors.Select(tensor => tensor with { Bytes = new byte[tensor.Bytes.Length] })];
        new SavedModel(saved.Manifest, new NamedTensors(zeros)).SaveFolder(renewed);
        File.Copy(Path.Combine(renewed, SavedModel.WeightsFile), Path.Combine(old, SavedModel.WeightsFile), overwrite: true);

        Assert.Contains("of two models", Assert.Throws<InvalidDataException>(() => SavedModel.LoadFolder(old)).Message, StringComparison.Ordinal);
        Assert.Contains("of two models", Assert.Throws<InvalidDataException>(() => WeightSource.Find(old).Open()).Message, StringComparison.Ordinal);
        // Over a folder of an earlier version, whose manifest has no id.
        File.WriteAllText(Path.Combine(old, SavedModel.ManifestFile), saved.Manifest.ToJson());
        Assert.Throws<InvalidDataException>(() => SavedModel.LoadFolder(old));

        // Python's safetensors writes no id.
        using (FileStream file = File.Create(Path.Combine(old, SavedModel.WeightsFile)))
        {
            Safetensors.Write(saved.Weights, file);
        }

        Assert.Null(SavedModel.LoadFolder(old).Manifest.WeightsId);
    }

    [Fact]
    public void LoadFolder_MissingFolder_Throws() => Assert.ThrowsAny<IOException>(() => SavedModel.LoadFolder(Path.Combine(_folder.FullName, "missing")));

    [Fact]
    public void LoadFolder_MissingWeights_Throws()
    {
        TinySavedModel.Make().SaveFolder(_folder.FullName);
        File.Delete(Path.Combine(_folder.FullName, SavedModel.WeightsFile));

        Assert.ThrowsAny<IOException>(() => SavedModel.LoadFolder(_folder.FullName));
    }

    [Fact]
    public void LoadFolder_TruncatedWeights_Throws()
    {
        TinySavedModel.Make().SaveFolder(_folder.FullName);
        string weights = Path.Combine(_folder.FullName, SavedModel.WeightsFile);
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^1]);

        Assert.Throws<InvalidDataException>(() => SavedModel.LoadFolder(_folder.FullName));
    }

    [Theory]
    [InlineData("fc.weight", "layer9.weight")]
    [InlineData("fc.bias", null)]
    public void Scorer_WeightsWithOtherNames_ThrowsAndNamesThem(string from, string? to)
    {
        SavedModel saved = TinySavedModel.Make();
        NamedTensors renamed = new([
            .. saved
                .Weights.Tensors.Where(tensor => tensor.Name != from || to is not null)
                .Select(tensor => tensor.Name == from ? tensor with { Name = to! } : tensor),
        ]);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new ImageScorer(new SavedModel(saved.Manifest, renamed), torch.CPU));

        Assert.Contains(from, e.Message);
    }

    [Fact]
    public void Scorer_ManifestOfAnotherBackbone_Throws()
    {
        SavedModel saved = TinySavedModel.Make();

        Assert.Throws<InvalidDataException>(() =>
            new ImageScorer(new SavedModel(saved.Manifest with { Backbone = "cifar-resnet-14" }, saved.Weights), torch.CPU)
        );
        Assert.Throws<InvalidDataException>(() => new ImageScorer(new SavedModel(saved.Manifest with { ClassCount = 4 }, saved.Weights), torch.CPU));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(4)]
    public void Scorer_ManifestOfAHeadThatDoesNotFit_IsRefused(int stages)
    {
        SavedModel saved = TinySavedModel.Make();
        string folder = Path.Combine(_folder.FullName, "head");
        new SavedModel(saved.Manifest with { Head = new MultiStageHead { Stages = stages } }, saved.Weights).SaveFolder(folder);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new ImageScorer(SavedModel.LoadFolder(folder), torch.CPU));

        Assert.Contains("Stages of multi-stage must be", e.Message, StringComparison.Ordinal);
    }

    // Small files whose manifests name networks of many gigabytes: libtorch would fail to allocate them, or the system would end the process.
    public static TheoryData<string, Head?, bool, int> HugeNetworks =>
        new()
        {
            { "wrn-994-99", null, false, 3 },
            { "vgg-16", null, false, 3 },
            { "densenet-100-999", null, false, 3 },
            { "cifar-resnet-8", new LinearHead(), false, 1_000_000 },
            {
                "cifar-resnet-8",
                new VggPatchHead { HiddenUnits = 99_999 },
                false,
                3
            },
            { "resnext-152-999x999d", null, true, 3 },
        };

    [Theory]
    [MemberData(nameof(HugeNetworks))]
    public void Scorer_ManifestOfAHugeNetwork_IsRefusedBeforeItsMemoryIsAllocated(string backbone, Head? head, bool exits, int classes)
    {
        SavedModel saved = TinySavedModel.Make();
        SavedModel huge = new(
            saved.Manifest with
            {
                Backbone = backbone,
                Head = head,
                Exits = exits ? [new(2, 2), new(2, 2), new(2, 2)] : null,
                ClassCount = classes,
                ClassNames = null,
            },
            saved.Weights
        );

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new ImageScorer(huge, torch.CPU));

        Assert.StartsWith("Missing weights: the network needs more than the", e.Message);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
