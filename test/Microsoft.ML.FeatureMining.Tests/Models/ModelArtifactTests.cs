using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.Training;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.Models;

public sealed class ModelArtifactTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory();

    [Fact]
    public void SaveFolder_LoadFolder_IsTheSameModel()
    {
        ModelArtifact artifact = TinyArtifact.Make();

        artifact.SaveFolder(Path.Combine(_folder.FullName, "deep", "model"));
        ModelArtifact loaded = ModelArtifact.LoadFolder(Path.Combine(_folder.FullName, "deep", "model"));

        Assert.Equal(artifact.Manifest.ToJson(), loaded.Manifest.ToJson());
        Assert.Equal(TinyRun.Bits(artifact.Weights), TinyRun.Bits(loaded.Weights));
        Assert.Equal(
            [ModelArtifact.ManifestFile, ModelArtifact.WeightsFile],
            Directory.GetFiles(Path.Combine(_folder.FullName, "deep", "model")).Select(Path.GetFileName).Order()
        );
    }

    [Fact]
    public void SaveFolder_OverAnOlderModel_ReplacesIt()
    {
        TinyArtifact.Make(classes: 3).SaveFolder(_folder.FullName);
        TinyArtifact.Make(classes: 5).SaveFolder(_folder.FullName);

        ModelArtifact loaded = ModelArtifact.LoadFolder(_folder.FullName);

        Assert.Equal(5, loaded.Manifest.ClassCount);
        using ImageScorer scorer = new(loaded, torch.CPU);
    }

    [Fact]
    public void LoadFolder_MissingFolder_Throws() => Assert.ThrowsAny<IOException>(() => ModelArtifact.LoadFolder(Path.Combine(_folder.FullName, "missing")));

    [Fact]
    public void LoadFolder_MissingWeights_Throws()
    {
        TinyArtifact.Make().SaveFolder(_folder.FullName);
        File.Delete(Path.Combine(_folder.FullName, ModelArtifact.WeightsFile));

        Assert.ThrowsAny<IOException>(() => ModelArtifact.LoadFolder(_folder.FullName));
    }

    [Fact]
    public void LoadFolder_TruncatedWeights_Throws()
    {
        TinyArtifact.Make().SaveFolder(_folder.FullName);
        string weights = Path.Combine(_folder.FullName, ModelArtifact.WeightsFile);
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^1]);

        Assert.Throws<InvalidDataException>(() => ModelArtifact.LoadFolder(_folder.FullName));
    }

    [Theory]
    [InlineData("fc.weight", "layer9.weight")]
    [InlineData("fc.bias", null)]
    public void Scorer_WeightsWithOtherNames_ThrowsAndNamesThem(string from, string? to)
    {
        ModelArtifact artifact = TinyArtifact.Make();
        NamedTensors renamed = new([
            .. artifact
                .Weights.Tensors.Where(tensor => tensor.Name != from || to is not null)
                .Select(tensor => tensor.Name == from ? tensor with { Name = to! } : tensor),
        ]);

        InvalidDataException e = Assert.Throws<InvalidDataException>(() => new ImageScorer(new ModelArtifact(artifact.Manifest, renamed), torch.CPU));

        Assert.Contains(from, e.Message);
    }

    [Fact]
    public void Scorer_ManifestOfAnotherBackbone_Throws()
    {
        ModelArtifact artifact = TinyArtifact.Make();

        Assert.Throws<InvalidDataException>(() =>
            new ImageScorer(new ModelArtifact(artifact.Manifest with { Backbone = "cifar-resnet-14" }, artifact.Weights), torch.CPU)
        );
        Assert.Throws<InvalidDataException>(() => new ImageScorer(new ModelArtifact(artifact.Manifest with { ClassCount = 4 }, artifact.Weights), torch.CPU));
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
