using System.Text.Json;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Distillation from models as users save them.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class TeacherTests(TrainedModel trained) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Fit_ZipFolderOrEnsembleOfTheSameModel_GivesTheSameModelAndRecordsTheTeacher()
    {
        MLContext ml = trained.Context;
        ml.Model.Save(trained.Model, trained.Rows.Schema, _folder["model.zip"]);
        ml.Model.ExportImageModel(trained.Model, _folder["exported"]);
        ml.Model.Save(ml.MulticlassClassification.Ensemble([trained.Model]), trained.Rows.Schema, _folder["ensemble.zip"]);

        float[][][] scores =
        [
            .. new[] { "model.zip", "exported", "ensemble.zip" }.Select(name =>
            {
                using ImageClassificationTransformer model = Distilled(_folder[name]);
                JsonElement strategy = model.Model.Recipe!.Value.GetProperty("strategies").EnumerateArray().Last();
                Assert.Equal(_folder[name], strategy.GetProperty("teacher").GetString());
                Assert.Matches("^[0-9a-f]{64}$", strategy.GetProperty("sha256").GetString());
                return Scores(model);
            }),
        ];

        Assert.Equal(scores[0], scores[1]);
        Assert.Equal(scores[0], scores[2]);
        Assert.NotEqual(trained.Scores(trained.Model), scores[0]);
    }

    [Fact]
    public void Fit_TeacherWithoutAnImageClassifier_NamesTheFile()
    {
        MLContext ml = trained.Context;
        ml.Model.Save(ml.Transforms.Conversion.MapValueToKey("Label").Fit(trained.Rows), trained.Rows.Schema, _folder["other.zip"]);

        ArgumentException error = Assert.Throws<ArgumentException>(() => Distilled(_folder["other.zip"]));

        Assert.Contains($"The teacher '{_folder["other.zip"]}' cannot be used. The model has 0 image classifiers", error.Message);
    }

    private ImageClassificationTransformer Distilled(string teacher) =>
        Tiny.Pipeline(trained.Context, Tiny.Options with { Epochs = 1, Strategies = [new TeacherDistillation { Teacher = teacher }] })
            .Fit(trained.Rows)
            .LastTransformer;

    private float[][] Scores(ImageClassificationTransformer model) =>
        [.. Microsoft.ML.Data.ColumnCursorExtensions.GetColumn<float[]>(model.Transform(trained.Loaded), "Score")];
}
