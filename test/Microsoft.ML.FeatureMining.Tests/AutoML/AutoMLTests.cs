using AutoMLSample;
using Microsoft.ML.AutoML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Sweeping;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.SearchSpace;
using Microsoft.ML.SearchSpace.Option;

namespace Microsoft.ML.FeatureMining.Tests.AutoML;

/// <summary>ML.NET's own AutoML over the trainers of this library; compiled where its assemblies are at hand.</summary>
public sealed class AutoMLTests(ColouredImages images) : IClassFixture<ColouredImages>, IClassFixture<OneThread>
{
    [Fact]
    public void SearchSpace_OfEachTrainer_GivesOptionsThatItTakes()
    {
        MLContext ml = new(1);
        var trainers = ml.MulticlassClassification.Trainers;
        Space<FeatureMiningOptions>(trainers.FeatureMining, nameof(FeatureMiningOptions.Stages));
        Space<SsmOptions>(trainers.Ssm, nameof(SsmOptions.Splits), nameof(SsmOptions.IndividualLosses));
        Space<VisualInductivePriorsOptions>(trainers.VisualInductivePriors, "PositiveClassLoss", "CutMixProbability", "DualPool", "Dropout");
        Space<PatchTrainingOptions>(
            options => ml.MultilabelClassification().Trainers.PatchTraining(options with { PatchSet = images.Rows(ml) }), "SwitchEpoch", "BalancePositives");
    }

    [Fact]
    public void Experiment_OverAPipeline_TrainsWithWhatItChose()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        List<FeatureMiningOptions> chosen = [];
        AutoMLExperiment experiment = ImageSweep.Experiment(ml, rows, rows, swept => Small(swept, chosen));
        experiment.SetMaxModelToExplore(4).SetRandomSearchTuner(seed: 1);

        TrialResult best = experiment.Run();

        Assert.Equal(4, chosen.Select(options => options.LearningRate).Distinct().Count());
        Assert.True(chosen.Select(options => options.Stages).Distinct().Count() > 1);
        MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(best.Model.Transform(rows));
        Assert.Equal(best.Metric, metrics.MicroAccuracy, 9);
        using MemoryStream file = new();
        ml.Model.Save(best.Model, rows.Schema, file);
        file.Position = 0;
        Assert.Equal(Scores(best.Model, rows), Scores(new MLContext().Model.Load(file, out _), rows));
    }

    [Fact]
    public void Experiment_ByDefault_BeginsWithTheSettingsOfTheAttributes()
    {
        MLContext ml = new(1);
        List<FeatureMiningOptions> chosen = [];
        AutoMLExperiment experiment = ImageSweep.Experiment(ml, images.Rows(ml), images.Rows(ml), swept => Small(swept, chosen));

        experiment.SetMaxModelToExplore(3).Run();

        Assert.Equal((2, 0.1, 128, true), (chosen[0].Stages, Math.Round(chosen[0].LearningRate, 9), chosen[0].BatchSize, chosen[0].HorizontalFlip));
    }

    [Fact]
    public async Task Experiment_Cancelled_EndsTheTrialThatIsRunning()
    {
        MLContext ml = new(1);
        using CancellationTokenSource stop = new();
        int epochs = 0;
        AutoMLExperiment experiment = ImageSweep.Experiment(ml, images.Rows(ml), images.Rows(ml), swept => Small(swept, []) with
        {
            Epochs = 1_000_000,
            Progress = progress =>
            {
                if (progress.Completed is not null && ++epochs == 2)
                    stop.Cancel();
            },
        });
        experiment.SetMaxModelToExplore(1);

        await Assert.ThrowsAnyAsync<Exception>(() => experiment.RunAsync(stop.Token));

        Assert.InRange(epochs, 2, 999_999);
    }

    [Fact]
    public void SearchSpace_OverGivenOptions_KeepsThemBesideWhatVaries()
    {
        FeatureMiningOptions given = Tiny.Options with { Backbone = "cifar-resnet-14", EarlyStopping = new EarlyStopping { Patience = 3 }, ValidationFraction = 0.25, FineTuning = new FineTuning { FrozenStages = 1 } };
        SearchSpace<FeatureMiningOptions> space = new(given);

        FeatureMiningOptions sampled = space.SampleFromFeatureSpace(space.Default);

        Assert.Equal(given with
        {
            Epochs = sampled.Epochs,
            BatchSize = sampled.BatchSize,
            LearningRate = sampled.LearningRate,
            Momentum = sampled.Momentum,
            WeightDecay = sampled.WeightDecay,
            LabelSmoothing = sampled.LabelSmoothing,
            NoDecayOnNormAndBias = sampled.NoDecayOnNormAndBias,
            // What has no place in JSON is the trainer's own again: give such settings where the trainer is made.
            Strategies = sampled.Strategies,
            Augmentations = sampled.Augmentations,
            Schedule = sampled.Schedule,
        }, sampled);
    }

    private static FeatureMiningOptions Small(FeatureMiningOptions swept, List<FeatureMiningOptions> chosen)
    {
        chosen.Add(swept);
        return swept with { Backbone = "cifar-resnet-8", ImageHeight = 12, ImageWidth = 12, CropPadding = 1, Epochs = 2, BatchSize = 12, Seed = 1 };
    }

    private static string RecipeOf(ImageClassificationOptions options) => ArtifactManifest.Describe(options.ToRecipe(new ImageShape(3, 32, 32), seed: 1)).GetRawText();

    private static float[][] Scores(ITransformer model, IDataView rows) => [.. model.Transform(rows).GetColumn<float[]>("Score")];

    // What our own sweep takes from the attributes, and Epochs; at the ends, in the middle and where AutoML begins.
    private static void Space<TOptions>(Func<TOptions, object> trainer, params string[] own)
        where TOptions : ImageClassificationOptions, new()
    {
        SearchSpace<TOptions> space = new();
        Assert.Equal(AttributeParameters.Of(typeof(TOptions)).Select(parameter => parameter.Name).Append("Epochs").Order(), space.Keys.Order());
        Assert.Superset(own.ToHashSet(), space.Keys.ToHashSet());
        foreach (double[] place in (double[][])[space.Default, .. new[] { 0.0, 0.5, 1.0 }.Select(at => Enumerable.Repeat(at, space.FeatureSpaceDim).ToArray())])
        {
            TOptions sampled = space.SampleFromFeatureSpace(place);
            Assert.NotNull(trainer(sampled));
            TOptions expected = SweptOptions.With(new TOptions(), space.Keys.Select(name => KeyValuePair.Create(name, typeof(TOptions).GetProperty(name)!.GetValue(sampled)!)));
            Assert.Equal(RecipeOf(expected), RecipeOf(sampled));
        }

        // A tuner that begins at the least value may stay there.
        Assert.All(space.Values.OfType<UniformNumericOption>(), option => Assert.NotEqual(0, option.Default![0]));
    }
}
