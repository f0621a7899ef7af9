using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

[Collection(TrainedModelCollection.Name)]
public sealed class ModelFileTests(TrainedModel trained) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("model-file-tests-").FullName;

    [Fact]
    public void SaveThenLoad_OnceAndTwice_GivesTheSameScoresAndAnnotations()
    {
        (string first, string second) = (InFolder("first.zip"), InFolder("second.zip"));
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, first);

        ITransformer loaded = new MLContext().Model.Load(first, out DataViewSchema schema);
        new MLContext().Model.Save(loaded, schema, second);
        ITransformer again = new MLContext().Model.Load(second, out _);

        Assert.Equal(trained.Rows.Schema.Select(column => column.Name), schema.Select(column => column.Name));
        Assert.Equal(trained.Scores(trained.Model), trained.Scores(loaded));
        Assert.Equal(trained.Scores(trained.Model), trained.Scores(again));
        string table = Table(trained.Model);
        Assert.Contains("green", table, StringComparison.Ordinal);
        Assert.Equal(table, Table(loaded));
        Assert.Equal(table, Table(again));
        Assert.Equal(
            trained.Transformer.Model.History,
            ((ImageClassificationTransformer)((TransformerChain<ITransformer>)again).LastTransformer).Model.History
        );
    }

    [Fact]
    public void Save_TransformerWithoutChain_LoadsAsTransformer()
    {
        string path = InFolder("bare.zip");
        trained.Context.Model.Save(trained.Transformer, trained.Loaded.Schema, path);

        ITransformer loaded = new MLContext().Model.Load(path, out _);

        ImageClassificationTransformer transformer = Assert.IsType<ImageClassificationTransformer>(loaded);
        Assert.Equal(trained.Transformer.Model.ClassNames, transformer.Model.ClassNames);
        Assert.Equal(Scores(trained.Transformer), Scores(transformer));

        float[][] Scores(ITransformer model) => [.. model.Transform(trained.Loaded).GetColumn<float[]>("Score")];
    }

    [Fact]
    public void Load_FreshProcess_GivesTheSameScoresAlsoWhenSavedAgain()
    {
        (string path, string resaved) = (InFolder("fresh.zip"), InFolder("resaved.zip"));
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        string[] images = [.. trained.Rows.GetColumn<string>("ImagePath").Take(5)];

        string[] lines = Programs.Run("FreshProcess", [path, .. images], ("SAVE_AS", resaved));
        string[] again = Programs.Run("FreshProcess", [resaved, .. images]);

        uint[] labels = [.. trained.Model.Transform(trained.Rows).GetColumn<uint>("PredictedLabel").Take(5)];
        float[][] scores = trained.Scores(trained.Model);
        Assert.Equal(5, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            string[] values = lines[i].Split(' ');
            Assert.Equal(labels[i], uint.Parse(values[0], CultureInfo.InvariantCulture));
            // Batches have another size, so sums have another order.
            Assert.All(values.Skip(1).Zip(scores[i]), pair => Assert.Equal(pair.Second, float.Parse(pair.First, CultureInfo.InvariantCulture), 1e-5f));
        }
        Assert.Equal(lines, again);
    }

    [Fact]
    public void ExportThenLoadImageModel_GivesTheSameScores()
    {
        string folder = InFolder("exported");
        trained.Context.Model.ExportImageModel(trained.Model, folder);

        using ImageClassificationTransformer loaded = new MLContext().Model.LoadImageModel(folder);

        Assert.Equal(["manifest.json", "weights.safetensors"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        // One batch for both: the exported folder has no batch size, and the least significant bits of a score depend on the batch.
        IDataView batch = trained.Context.Data.TakeRows(trained.Loaded, Tiny.Options.ScoringBatchSize);
        Assert.Equal(trained.Transformer.Transform(batch).GetColumn<float[]>("Score"), loaded.Transform(batch).GetColumn<float[]>("Score"));
        Assert.Contains("green", Table(trained.Context, loaded.Transform(trained.Loaded)), StringComparison.Ordinal);
    }

    [Fact]
    public void ExportImageModel_ModelWithoutClassifier_Throws()
    {
        ITransformer model = trained.Model.First();

        ArgumentException error = Assert.Throws<ArgumentException>(() => trained.Context.Model.ExportImageModel(model, _folder));

        Assert.StartsWith("The model has 0 image classifiers; it must have exactly one.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("manifest.json", 0.5)]
    [InlineData("weights.safetensors", 0.01)]
    [InlineData("weights.safetensors", 0.9)]
    public void Load_OneBitChanged_Throws(string entry, double place)
    {
        string path = InFolder("damaged.zip");
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            using Stream content = zip.Entries.Single(e => e.FullName.EndsWith(entry, StringComparison.Ordinal)).Open();
            content.Position = (long)(content.Length * place);
            int value = content.ReadByte();
            content.Position--;
            content.WriteByte((byte)(value ^ 1));
        }

        Exception? error = Record.Exception(() => new MLContext().Model.Load(path, out _));

        Assert.Contains(Chain(error), cause => cause is InvalidDataException);
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.99)]
    public void Load_TruncatedModel_Throws(double share)
    {
        string path = InFolder("truncated.zip");
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        byte[] bytes = File.ReadAllBytes(path);
        File.WriteAllBytes(path, bytes[..(int)(bytes.Length * share)]);

        Assert.NotNull(Record.Exception(() => new MLContext().Model.Load(path, out _)));
    }

    [Fact]
    public void SaveAtomic_Weights_AreStoredWithoutCompressionAndScoreTheSame()
    {
        string path = InFolder("stored.zip");
        trained.Context.Model.SaveAtomic(trained.Model, trained.Rows.Schema, path);

        using (ZipArchive zip = ZipFile.OpenRead(path))
        {
            ZipArchiveEntry weights = Assert.Single(zip.Entries, entry => entry.Name == "weights.safetensors");
            Assert.Equal(weights.Length, weights.CompressedLength);
        }

        Assert.Equal(trained.Scores(trained.Model), trained.Scores(new MLContext().Model.Load(path, out _)));
    }

    [Fact]
    public void SaveAtomic_Failure_KeepsTheOldFileAndNoTemporaryFile()
    {
        string path = InFolder("model.zip");
        File.WriteAllText(path, "old");

        Assert.ThrowsAny<Exception>(() => trained.Context.Model.SaveAtomic(new UnsavableTransformer(), trained.Rows.Schema, path));

        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(_folder));
    }

    [Fact]
    public void SaveAtomic_ProcessKilledAtAnyTime_LeavesACompleteModelAndTheNextSaveNoOtherFile()
    {
        (string source, string target) = (InFolder("source.zip"), InFolder("target.zip"));
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, source);
        float[][] scores = trained.Scores(trained.Model);
        string temporary = Directory.CreateDirectory(InFolder("temporary")).FullName;
        Random random = new(3);

        for (int i = 0; i < 4; i++)
        {
            // .NET leaves a file of its own there when it is killed.
            using Process process = Programs.Start("SaveLoop", [source, target], ("TMPDIR", temporary), ("TMP", temporary), ("DOTNET_EnableDiagnostics", "0"));
            Assert.Equal("ready", process.StandardOutput.ReadLine());
            Thread.Sleep(random.Next(150));
            process.Kill();
            process.WaitForExit();

            Assert.Equal(scores, trained.Scores(new MLContext().Model.Load(target, out _)));
        }

        MLContext next = new() { TempFilePath = temporary };
        next.Model.SaveAtomic(trained.Model, trained.Rows.Schema, target);
        Assert.Equal(["source.zip", "target.zip", "temporary"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(temporary));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IEnumerable<Exception> Chain(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            yield return error;
        }
    }

    private string InFolder(string name) => Path.Combine(_folder, name);

    private string Table(ITransformer model) => Table(trained.Context, model.Transform(trained.Rows));

    private static string Table(MLContext ml, IDataView scored) => ml.MulticlassClassification.Evaluate(scored).ConfusionMatrix.GetFormattedConfusionTable();
}
