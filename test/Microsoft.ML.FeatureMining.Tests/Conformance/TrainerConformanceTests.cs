using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>What every trainer of classes keeps, whatever its method: columns, errors, fresh Fits, files, cross-validation, prediction engines, workspaces.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class TrainerConformanceTests(TrainedModel trained) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trainer-conformance-tests-").FullName;

    public static TheoryData<string> Trainers => [.. Makers.Keys];

    private static Dictionary<string, TrainerMaker> Makers { get; } = new()
    {
        ["FeatureMining"] = new TrainerMaker<FeatureMiningOptions>((ml, options) => ml.MulticlassClassification.Trainers.FeatureMining(options), new FeatureMiningOptions(),
            (ml, validation) => ml.MulticlassClassification.Trainers.FeatureMining("Colour", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validation)),
        ["Ssm"] = new TrainerMaker<SsmOptions>((ml, options) => ml.MulticlassClassification.Trainers.Ssm(options), new SsmOptions(),
            (ml, validation) => ml.MulticlassClassification.Trainers.Ssm("Colour", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validation)),
        ["VisualInductivePriors"] = new TrainerMaker<VisualInductivePriorsOptions>(
            (ml, options) => ml.MulticlassClassification.Trainers.VisualInductivePriors(options), new VisualInductivePriorsOptions { WarmupEpochs = 0 },
            (ml, validation) => ml.MulticlassClassification.Trainers.VisualInductivePriors("Colour", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validation)),
    };

    [Fact]
    public void Trainers_AllOfTheCatalog_AreHere() => Assert.Equal(
        typeof(ImageTrainerCatalog).GetMethods().Where(method => method.IsStatic).Select(method => method.Name).Distinct().Order(), Makers.Keys.Order());

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_ByColumnNames_UsesThem(string name)
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.TakeRows(ml.Transforms.CopyColumns("Colour", "Label").Append(ml.Transforms.CopyColumns("Picture", "Image")).Fit(trained.Loaded).Transform(trained.Loaded), 12);

        IDataView scored = Makers[name].ByNames(ml, rows).Fit(rows).Transform(rows);

        Assert.Equal(["Guess", "Probability"], scored.Schema.Select(column => column.Name).TakeLast(2));
        Assert.InRange(ml.MulticlassClassification.Evaluate(scored, "Colour", "Probability", "Guess").MicroAccuracy, 0, 1);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_Twice_GivesTheSameBits(string name)
    {
        ImageClassificationTrainer trainer = Makers[name].Make(new MLContext(1));

        float[][] first = Scores(trainer.Fit(trained.Loaded));

        Assert.Equal(first, Scores(trainer.Fit(trained.Loaded)));
        Assert.All(first, scores => Assert.Equal(1, scores.Sum(), 1e-5f));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void GetOutputSchema_AndTransform_Agree(string name)
    {
        MLContext ml = new(1);
        ImageClassificationTrainer trainer = Makers[name].Make(ml);

        SchemaShape promised = trainer.GetOutputSchema(Internals.ShapeOf(trained.Loaded.Schema));
        DataViewSchema real = trainer.Fit(trained.Loaded).Transform(trained.Loaded).Schema;

        Assert.Equal(promised.Select(column => column.Name).Order(), real.Select(column => column.Name).Distinct().Order());
        Assert.Equal(["KeyValues", "ScoreColumnKind", "ScoreColumnSetId", "ScoreValueKind"], real["PredictedLabel"].Annotations.Schema.Select(column => column.Name).Order());
        VBuffer<ReadOnlyMemory<char>> slots = default;
        real["Score"].GetSlotNames(ref slots);
        Assert.Equal(ColouredImages.Names.Length, slots.Length);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_OnOtherColumns_IsRefused(string name)
    {
        ImageClassificationTrainer trainer = Makers[name].Make(new MLContext(1));

        Assert.StartsWith("Schema mismatch for label column 'Label': expected Key<UInt32>", Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(trained.Rows)).Message, StringComparison.Ordinal);
        IDataView noImages = trained.Context.Transforms.DropColumns("Image").Fit(trained.Loaded).Transform(trained.Loaded);
        Assert.StartsWith("Could not find image column 'Image'", Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(noImages)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Create_WithManyWrongOptions_NamesThemAllAtOnce(string name)
    {
        string message = Assert.Throws<ArgumentException>(() => Makers[name].Make(new MLContext(1), options => options with { Epochs = 0, BatchSize = 0, Backbone = "alexnet", LabelColumnName = "" })).Message;

        Assert.All(["Epochs", "BatchSize", "alexnet", "LabelColumnName"], word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Save_ThenLoad_GivesTheSameScoresAndPredictions(string name)
    {
        MLContext ml = new(1);
        using ImageClassificationTransformer model = Makers[name].Make(ml).Fit(trained.Loaded);
        string file = Path.Combine(_folder, "model.zip");
        ml.Model.Save(model, trained.Loaded.Schema, file);

        ImageClassificationTransformer loaded = (ImageClassificationTransformer)new MLContext().Model.Load(file, out _);

        Assert.Equal(Scores(model), Scores(loaded));
        Assert.Equal(model.Model.Head, loaded.Model.Head);
        using PredictionEngine<EncodedPicture, PicturePrediction> engine = ml.Model.CreatePredictionEngine<EncodedPicture, PicturePrediction>(loaded);
        EncodedPicture picture = new() { Image = ColouredImages.Png(1, new Random(1)) };
        Assert.Equal(engine.Predict(picture).Score, engine.Predict(picture).Score);
        Assert.Equal(ColouredImages.Names.Length, engine.Predict(picture).Score.Length);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void CrossValidate_TrainsAFreshModelOnEachFold(string name)
    {
        MLContext ml = new(1);

        var folds = ml.MulticlassClassification.CrossValidate(trained.Loaded, Makers[name].Make(ml), numberOfFolds: 2);

        Assert.Equal(2, folds.Count);
        Assert.NotEqual(Scores(folds[0].Model), Scores(folds[1].Model));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_InAWorkspaceThatHasTheRun_GivesItsModelAgain(string name)
    {
        ImageClassificationTrainer trainer = Makers[name].Make(new MLContext(1), options => options with { WorkspacePath = _folder });
        float[][] first = Scores(trainer.Fit(trained.Loaded));
        int steps = 0;

        ImageClassificationTrainer again = Makers[name].Make(new MLContext(1), options => options with { WorkspacePath = _folder, Progress = _ => steps++ });

        Assert.Equal(first, Scores(again.Fit(trained.Loaded)));
        Assert.Equal(0, steps);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private float[][] Scores(ITransformer model) => [.. model.Transform(trained.Loaded).GetColumn<float[]>("Score")];
}
