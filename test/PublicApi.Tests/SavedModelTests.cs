using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using PublicApi.Tests.Own;

namespace PublicApi.Tests;

/// <summary>Models with user-defined networks: loading in other processes, and GetImageModel.</summary>
public sealed class SavedModelTests : IClassFixture<OwnPartsFixture>, IDisposable
{
    private static readonly FeatureMiningOptions Options = OwnFit.Plain with
    {
        Backbone = OwnParts.Backbone,
        Head = new CosineHead { Scale = 5 },
        Epochs = 1,
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("saved-model-tests-").FullName;
    private readonly MLContext _ml = new(1);

    [Fact]
    public void Load_ProcessWithRegisteredParts_GivesTheSameScores()
    {
        ITransformer model = Saved(out string file);

        (int exit, string output) = Start("score", file);

        Assert.Equal((0, Program.Text(Program.Scores(_ml, model))), (exit, output));
    }

    [Fact]
    public void Load_ProcessWithoutRegisteredParts_NamesTheKeyAndHowToRegisterIt()
    {
        Saved(out string file);

        (int exit, string output) = Start("score-bare", file);

        Assert.Equal(1, exit);
        Assert.Contains("Unknown head 'cosine'", output, StringComparison.Ordinal);
        Assert.Contains("HeadCatalog.Register", output, StringComparison.Ordinal);
    }

    [Fact]
    public void LoadImageModel_UnregisteredHead_NamesTheKey()
    {
        _ml.Model.ExportImageModel(Saved(out _), _folder);
        string manifest = Path.Combine(_folder, "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"key\": \"cosine\"", "\"key\": \"sine\"", StringComparison.Ordinal));

        string message = Assert.Throws<InvalidDataException>(() => _ml.Model.LoadImageModel(_folder)).Message;

        Assert.Contains("Unknown head 'sine'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetImageModel_ChainOrTransformer_ReturnsTheNetwork()
    {
        ITransformer chain = Saved(out string file);
        ITransformer loaded = _ml.Model.Load(file, out _);
        ImageClassificationTransformer alone = ((IEnumerable<ITransformer>)chain).OfType<ImageClassificationTransformer>().Single();
        TransformerChain<ITransformer> nested = new(new TransformerChain<ITransformer>(chain));

        Assert.All(
            [chain, loaded, alone, nested],
            model =>
                Assert.Equal((OwnParts.Backbone, new CosineHead { Scale = 5 }), (_ml.Model.GetImageModel(model).Backbone, _ml.Model.GetImageModel(model).Head))
        );
        Assert.Same(alone.Model, _ml.Model.GetImageModel(chain));
    }

    [Fact]
    public void GetImageModel_NoneOrTwo_Throws()
    {
        ITransformer chain = Saved(out _);
        ITransformer other = ((IEnumerable<ITransformer>)chain).First();

        Assert.Contains("0 image classifiers", Assert.Throws<ArgumentException>(() => _ml.Model.GetImageModel(other)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "2 image classifiers",
            Assert.Throws<ArgumentException>(() => _ml.Model.GetImageModel(new TransformerChain<ITransformer>(chain, chain))).Message,
            StringComparison.Ordinal
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private ITransformer Saved(out string file)
    {
        ITransformer model = OwnFit.Run(_ml, Options);
        file = Path.Combine(_folder, "model.zip");
        _ml.Model.Save(model, null, file);
        return model;
    }

    private static (int Exit, string Output) Start(string verb, string file)
    {
        ProcessStartInfo start = new("dotnet", [typeof(Program).Assembly.Location, verb, file]) { RedirectStandardOutput = true };
        start.Environment["OMP_NUM_THREADS"] = "1";
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
