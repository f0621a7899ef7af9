using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>The fit of the head before the first epoch. The regression is checked against PyTorch (test/Goldens/make_logistic.py).</summary>
public sealed class HeadFitTests : IClassFixture<SingleThreadFixture>
{
    private static readonly GoldenTensors Golden = new("optimizers", "logistic.safetensors");

    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with
    {
        Epochs = 0,
        FineTuning = new FineTuning { FitHead = true },
    };

    [Theory]
    [InlineData("one", "1.0")]
    [InlineData("one", "0.1")]
    [InlineData("one", "0.001")]
    [InlineData("sets", "1.0")]
    [InlineData("sets", "0.1")]
    [InlineData("sets", "0.001")]
    public void Regression_AnyPenalty_ReachesPyTorchsMinimum(string kind, string penalty)
    {
        using DisposeScope scope = NewDisposeScope();
        LogisticRegression regression = new(
            Golden["features"].to(ScalarType.Float32),
            Golden[$"{kind}/targets"].to(ScalarType.Float32),
            areSets: kind == "sets"
        );
        double strength = double.Parse(penalty, System.Globalization.CultureInfo.InvariantCulture);

        Tensor weights = regression.Fit(strength, regression.Zeros());

        double squares = weights[..^1].pow(2).sum().item<float>();
        double value = regression.Loss(weights).item<float>() + (strength / 2 * squares);
        Assert.Equal(1, value / Golden.Doubles($"{kind}/{penalty}/value")[0], 1e-6);
        TensorAssert.CloseValues(
            [.. Golden.Doubles($"{kind}/{penalty}/weights").Select(weight => (float)weight)],
            TensorAssert.Values(weights),
            5e-3,
            $"{kind}/{penalty}"
        );
    }

    [Fact]
    public void Fit_HeadAlone_ChangesOnlyTheHeadAndSeparatesTheClasses()
    {
        TrainingOutcome initial = TinyRun.Fit(Recipe, canceled: () => true);

        TrainingOutcome outcome = TinyRun.Fit(Recipe, TinyData.Bands(40), TinyData.Bands(40, seed: 2));

        Assert.Equal(
            ["fc.bias", "fc.weight"],
            initial
                .Weights.Tensors.Zip(outcome.Weights.Tensors)
                .Where(pair => !pair.First.Bytes.SequenceEqual(pair.Second.Bytes))
                .Select(pair => pair.First.Name)
                .Order()
        );
        EpochMetrics head = Assert.Single(outcome.History);
        Assert.Equal((0, 0), (head.Epoch, head.LearningRate));
        Assert.True(head.ValidationAccuracy > 0.95, $"The validation accuracy is {head.ValidationAccuracy}.");
        Assert.Equal(TrainingEnd.Completed, outcome.End);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.BFloat16)]
    public void Fit_HeadOnSeveralStages_SeparatesTheClassesAndTrainsOn(Precision precision)
    {
        TrainingRecipe recipe = Recipe with
        {
            Head = new MultiStageHead(),
            FineTuning = new FineTuning { FitHead = true, FitHeadMirrored = true },
            Precision = precision,
        };

        TrainingOutcome fitted = TinyRun.Fit(recipe, TinyData.Bands(40), TinyData.Bands(40, seed: 2));
        TrainingOutcome trained = TinyRun.Fit(recipe with { Epochs = 2 }, TinyData.Bands(40), TinyData.Bands(40, seed: 2));

        Assert.True(Assert.Single(fitted.History).ValidationAccuracy > 0.95);
        Assert.True(trained.History[^1].ValidationAccuracy > 0.9);
    }

    [Fact]
    public void Fit_HeadAlone_ReportsTheLossOfTheStoredHead()
    {
        ImageSet train = TinyData.Random(new ImageShape(1, 8, 8), count: 50, classes: 3, seed: 4);

        TrainingOutcome outcome = TinyRun.Fit(Recipe, train, train);

        EpochMetrics head = Assert.Single(outcome.History);
        Assert.Equal(head.TrainLoss, head.ValidationLoss!.Value, 1e-5);
        Assert.Equal(head.TrainAccuracy, head.ValidationAccuracy);
    }

    [Fact]
    public void Fit_HeadMirrored_EqualsTheFitToTheImagesAndTheirMirrorImages()
    {
        ImageSet train = TinyData.Random(new ImageShape(1, 8, 8), count: 40, classes: 2, seed: 4);
        ImageSetBuilder both = new(train.Shape, PixelType.Byte);
        for (int i = 0; i < 2 * train.Count; i++)
        {
            byte[] image = train[i % train.Count].ToArray();
            both.Add(i < train.Count ? image : [.. image.Chunk(8).SelectMany(row => row.Reverse())], train.Labels[i % train.Count]);
        }

        TrainingOutcome mirrored = TinyRun.Fit(
            Recipe with
            {
                FineTuning = new FineTuning { FitHead = true, FitHeadMirrored = true },
            },
            train,
            both.Build(2)
        );
        TrainingOutcome plain = TinyRun.Fit(Recipe, train, both.Build(2));

        // The loss on all images is that of the fit, and lower than that of a fit without the mirror images.
        Assert.Equal(mirrored.History[0].TrainLoss, mirrored.History[0].ValidationLoss!.Value, 1e-4);
        Assert.True(mirrored.History[0].ValidationLoss < plain.History[0].ValidationLoss);
    }

    [Fact]
    public void Fit_TrainingMakesItWorse_KeepsTheFittedHead()
    {
        TrainingOutcome outcome = TinyRun.Fit(Recipe with { Epochs = 2, LearningRate = 20 }, TinyData.Bands(40), TinyData.Bands(40, seed: 2));

        Assert.Equal(0, outcome.Epoch);
        Assert.Equal([0, 1, 2], outcome.History.Select(epoch => epoch.Epoch));
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(Recipe, TinyData.Bands(40), TinyData.Bands(40, seed: 2))), TinyRun.Bits(outcome));
    }

    [Fact]
    public void Fit_ThenEpochs_StartsFromTheFittedHead()
    {
        // With frozen BatchNorm the features in the first step are those of the fit.
        TrainingRecipe recipe = Recipe with
        {
            Epochs = 1,
            LearningRate = 1e-6,
            FineTuning = new FineTuning { FitHead = true, FreezeBatchNorm = true },
        };

        TrainingOutcome outcome = TinyRun.Fit(recipe, TinyData.Bands(40));

        Assert.Equal(outcome.History[0].TrainLoss, outcome.History[1].TrainLoss, 1e-4);
    }

    [Fact]
    public void Fit_WithEma_AverageStartsAtTheFittedHead()
    {
        ImageSet validation = TinyData.Bands(40, seed: 2);

        TrainingOutcome plain = TinyRun.Fit(Recipe, TinyData.Bands(40), validation);
        TrainingOutcome averaged = TinyRun.Fit(Recipe with { EmaDecay = 0.9 }, TinyData.Bands(40), validation);

        Assert.Equal(TinyRun.Bits(plain), TinyRun.Bits(averaged));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    public void Fit_CanceledAndResumed_IsBitIdentical(int call)
    {
        TrainingRecipe recipe = Recipe with { Epochs = 2 };
        ImageSet validation = TinyData.Bands(8, seed: 3);
        MemoryStore store = new();
        int asked = 0;
        TinyRun.Fit(recipe, validation: validation, checkpoints: store, canceled: () => asked++ == call);

        TrainingOutcome resumed = TinyRun.Fit(recipe, validation: validation, checkpoints: store);

        TrainingOutcome whole = TinyRun.Fit(recipe, validation: validation);
        Assert.Equal(TinyRun.Bits(whole), TinyRun.Bits(resumed));
        Assert.Equal(TinyRun.Figures(whole), TinyRun.Figures(resumed));
    }

    [Fact]
    public void Problems_NoEpochsWithoutFitHead_IsListed() =>
        Assert.Equal(
            "Epochs must be at least 1; 0 is only possible if FitHead of FineTuning is true.",
            Assert.Single((Recipe with { FineTuning = new FineTuning() }).Problems())
        );

    [Fact]
    public void Problems_FitHeadWithoutALinearHead_IsListed() =>
        Assert.Equal(
            $"FitHead of FineTuning needs a LinearHead or a MultiStageHead; the head is '{new ParallelHead().Key}'.",
            Assert.Single((Recipe with { Head = new ParallelHead() }).Problems())
        );

    [Theory]
    [InlineData("resnet-18", 5)]
    [InlineData("vgg-11-bn", 6)]
    [InlineData("densenet-16-12", 4)]
    public void Groups_LayerDecay_LowersTheRateOfEarlierStages(string backbone, int groups)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, 3, 2);
        TrainingRecipe recipe = Recipe with
        {
            FineTuning = new FineTuning { LayerDecay = 0.5, BackboneLearningRateFactor = 0.5 },
        };

        IReadOnlyList<TrainingParameters> rates = [.. TrainingParameters.Of(recipe, network)];

        // From the stem to the last stage.
        Assert.Equal(groups, network.Backbone.LayerGroups.Count);
        for (int group = 0; group < groups; group++)
        {
            Assert.All(
                network.Backbone.LayerGroups[group].SelectMany(module => module.parameters()),
                parameter => Assert.Equal(0.5 * Math.Pow(0.5, groups - group), rates.Single(rate => ReferenceEquals(rate.Parameter, parameter)).Factor)
            );
        }

        Assert.All(network.Head.parameters(), parameter => Assert.Equal(1, rates.Single(rate => rate.Parameter.Handle == parameter.Handle).Factor));
        Assert.Equal(network.parameters().Count(), rates.Count);
    }

    private sealed record TrainingParameters(TorchSharp.Modules.Parameter Parameter, double Factor)
    {
        public static IEnumerable<TrainingParameters> Of(TrainingRecipe recipe, ImageNetwork network) =>
            Microsoft
                .ML.FeatureMining.Training.Optimizers.ParameterGroups.Of(recipe, network, [])
                .SelectMany(group => group.Parameters.Select(parameter => new TrainingParameters(parameter, group.LearningRateFactor)));
    }
}
