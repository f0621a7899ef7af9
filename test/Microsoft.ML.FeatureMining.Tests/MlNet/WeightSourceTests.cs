using System.IO.Compression;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Models of this library as initial weights, and what cannot be used.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class WeightSourceTests(TrainedModel trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Find_ModelZip_HasItsWeights()
    {
        string path = Save();
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, 3);

        WeightReport report = WeightLoader.Load(WeightSource.Find(path), network, "cifar-resnet-8");

        Assert.Empty(report.New);
        Assert.All(
            network.NamedState().Zip(trained.Transformer.Model.Saved.Weights.Tensors),
            pair => Assert.Equal(pair.Second.Bytes, pair.First.Value.bytes.ToArray())
        );
    }

    [Fact]
    public void Find_TensorsSavedFromDataParallel_AreNormalizedLikeTheSameTensors()
    {
        WeightSource[] sources = [Saved(""), Saved("module.")];

        Assert.NotNull(sources[0].Normalization);
        Assert.Equal(sources[0].Normalization!.Mean, sources[1].Normalization?.Mean);

        WeightSource Saved(string prefix)
        {
            string path = _folder[$"weights{prefix.Length}.safetensors"];
            using FileStream file = File.Create(path);
            Safetensors.Write(new NamedTensors([new NamedTensor($"{prefix}fc.bias", torch.ScalarType.Float32, [1000], new byte[4000])]), file);
            file.Close();
            return WeightSource.Find(path);
        }
    }

    [Fact]
    public void Fit_FileWithOtherWeights_IsAnotherRun()
    {
        string path = Save();
        FeatureMiningOptions options = Tiny.Options with { Epochs = 1, InitialWeights = path, WorkspacePath = _folder["runs"] };
        byte[] first = Fit();
        SavedModel saved = trained.Transformer.Model.Saved;
        NamedTensor[] changed = [.. saved.Weights.Tensors.Select(tensor => tensor with { Bytes = [.. tensor.Bytes.Select(_ => (byte)0)] })];
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            ZipArchiveEntry entry = zip.Entries.Single(entry => entry.Name == SavedModel.WeightsFile);
            string name = entry.FullName;
            entry.Delete();
            using Stream stream = zip.CreateEntry(name).Open();
            Safetensors.Write(new NamedTensors(changed), stream);
        }

        Assert.NotEqual(first, Fit());
        Assert.Equal(2, Directory.GetDirectories(_folder["runs"], "run-*").Length);

        byte[] Fit()
        {
            using TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(trained.Context, options).Fit(trained.Rows);
            return [.. model.LastTransformer.Model.Saved.Weights.Tensors.SelectMany(tensor => tensor.Bytes)];
        }
    }

    [Fact]
    public void Find_Ensemble_Throws()
    {
        string path = _folder["ensemble.zip"];
        trained.Context.Model.Save(trained.Context.MulticlassClassification.Ensemble([trained.Model, trained.Model]), trained.Rows.Schema, path);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => WeightSource.Find(path));

        Assert.Equal($"The model '{path}' cannot be used for initial weights. It is an ensemble of 2 networks; use a model with one network.", error.Message);
    }

    [Fact]
    public void Find_ModelOfAnotherTrainer_Throws()
    {
        string path = _folder["other.zip"];
        ITransformer other = trained.Context.Transforms.Conversion.MapValueToKey("Label").Fit(trained.Rows);
        trained.Context.Model.Save(other, trained.Rows.Schema, path);

        Assert.Contains(
            "It has no classifier of this library.",
            Assert.Throws<InvalidDataException>(() => WeightSource.Find(path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Find_ModelWithoutWeights_NamesTheFile()
    {
        string path = Save();
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            zip.Entries.Single(entry => entry.Name == "weights.safetensors").Delete();
        }

        WeightSource source = WeightSource.Find(path);

        Assert.Contains("weights.safetensors' is missing in it.", Assert.Throws<InvalidDataException>(source.Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_EmptyFolder_Throws() =>
        Assert.Contains($"The folder '{_folder.Path}' of InitialWeights has no manifest.json", Message(_folder.Path), StringComparison.Ordinal);

    [Fact]
    public void Create_HubNameThatWasNotDownloaded_SaysWhatToDo() =>
        Assert.Contains(
            "The initial weights 'timm/never-downloaded' were not downloaded yet, and Fit does not download. Call PretrainedWeights.Download(",
            Message("timm/never-downloaded"),
            StringComparison.Ordinal
        );

    [Fact]
    public void Create_TypoInTheName_GetsASuggestion() =>
        Assert.Contains("Did you mean 'mlnet/resnet18'?", Message("mlnet/resnet-18"), StringComparison.Ordinal);

    [Fact]
    public void Create_TextAsWeights_SaysSo() =>
        Assert.Contains(
            "is a text file. Initial weights are a safetensors file",
            Message(_folder.Write("a.txt", "some text, no weights")),
            StringComparison.Ordinal
        );

    private string Message(string weights) =>
        Assert
            .Throws<ArgumentException>(() => trained.Context.MulticlassClassification.Trainers.FeatureMining(Tiny.Options with { InitialWeights = weights }))
            .Message;

    private string Save()
    {
        string path = _folder["model.zip"];
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        return path;
    }
}
