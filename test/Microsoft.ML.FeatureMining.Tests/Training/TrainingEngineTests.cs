using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using TorchSharp;
using static TorchSharp.torch;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Training;

public sealed class TrainingEngineTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void Fit_DataSortedByLabel_LearnsIt()
    {
        TrainingOutcome outcome = TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = 5,
                Schedule = new CosineSchedule(),
            },
            TinyData.Bands(80, sorted: true),
            TinyData.Bands(40, seed: 2)
        );

        Assert.Equal(1, outcome.History[outcome.Epoch - 1].ValidationAccuracy);
        Assert.Equal(TrainingEnd.Completed, outcome.End);
    }

    [Fact]
    public void Fit_FloatImages_LearnsThem()
    {
        ImageSet bytes = TinyData.Bands(80);
        ImageSetBuilder floats = new(bytes.Shape, PixelType.Single);
        for (int i = 0; i < bytes.Count; i++)
        {
            float[] image = [.. bytes[i].ToArray().Select(value => value / 255f)];
            floats.Add(System.Runtime.InteropServices.MemoryMarshal.AsBytes(image.AsSpan()), bytes.Labels[i]);
        }

        TrainingOutcome outcome = TinyRun.Fit(TinyRun.Recipe with { Epochs = 5, Schedule = new CosineSchedule() }, floats.Build(2));

        Assert.True(outcome.History[^1].TrainAccuracy > 0.95);
    }

    [Fact]
    public void Fit_ValidationMetrics_EqualAnIndependentComputation()
    {
        ImageSet train = TinyData.Bands(30);
        ImageSet validation = TinyData.Random(new ImageShape(1, 8, 8), count: 21, classes: 2, seed: 4);

        TrainingOutcome outcome = TinyRun.Fit(
            TinyRun.Recipe with
            {
                KeepWeights = KeepWeights.Last,
                ScoringBatchSize = 6,
                Loss = new CrossEntropyLoss { LabelSmoothing = 0.2 },
            },
            train,
            validation
        );

        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = NetworkFactory.Create(TinyRun.Recipe.Backbone, 1, classes: 2);
        outcome.Weights.CopyTo(network);
        network.eval();
        ChannelStatistics statistics = ChannelStatistics.Of(train);
        float[] pixels =
        [
            .. Enumerable.Range(0, validation.Count).SelectMany(i => validation[i].ToArray().Select(value => (value - statistics.Mean[0]) / statistics.Std[0])),
        ];
        float[][] logits = [.. TensorAssert.Values(network.call(tensor(pixels, [validation.Count, 1, 8, 8]))).Chunk(2)];
        double hits = logits.Zip(validation.Labels).Average(pair => Array.IndexOf(pair.First, pair.First.Max()) == pair.Second ? 1.0 : 0);
        double loss = logits.Zip(validation.Labels).Average(pair => Math.Log(pair.First.Sum(value => Math.Exp(value))) - pair.First[pair.Second]);
        Assert.Equal(hits, outcome.History[^1].ValidationAccuracy!.Value, 1e-9);
        Assert.Equal(loss, outcome.History[^1].ValidationLoss!.Value, 1e-5);
    }

    [Fact]
    public void Fit_KeepBest_ReturnsTheWeightsOfTheFirstBestEpoch()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 6, Schedule = new CosineSchedule(), KeepWeights = KeepWeights.Best };
        ImageSet validation = TinyData.Random(recipe.Input, count: 10, classes: 2, seed: 3);

        TrainingOutcome best = TinyRun.Fit(recipe, validation: validation);

        double highest = best.History.Max(epoch => epoch.ValidationAccuracy!.Value);
        Assert.Equal(best.History.First(epoch => epoch.ValidationAccuracy == highest).Epoch, best.Epoch);
        Assert.NotEqual(6, best.Epoch);
        // A run that is canceled after the best epoch.
        bool over = false;
        TrainingOutcome upToThere = TinyRun.Fit(
            recipe with
            {
                KeepWeights = KeepWeights.Last,
            },
            validation: validation,
            progress: report => over |= report.Completed?.Epoch == best.Epoch,
            canceled: () => over
        );
        Assert.Equal(TinyRun.Bits(upToThere), TinyRun.Bits(best));
    }

    [Fact]
    public void Fit_KeepLast_ReturnsTheWeightsOfTheLastEpoch()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 3, KeepWeights = KeepWeights.Last };

        TrainingOutcome outcome = TinyRun.Fit(recipe, validation: TinyData.Bands(8, seed: 3));

        Assert.Equal(3, outcome.Epoch);
        Assert.Equal(TinyRun.Bits(TinyRun.Fit(recipe)), TinyRun.Bits(outcome));
    }

    [Fact]
    public void Fit_CanceledInTheThirdEpoch_ReturnsTheBestSoFar()
    {
        int steps = 0;

        TrainingOutcome outcome = TinyRun.Fit(TinyRun.Recipe with { Epochs = 50 }, validation: TinyData.Bands(8, seed: 3), canceled: () => ++steps > 8);

        Assert.Equal(TrainingEnd.Canceled, outcome.End);
        Assert.Equal(2, outcome.History.Count);
        double highest = outcome.History.Max(epoch => epoch.ValidationAccuracy!.Value);
        Assert.Equal(outcome.History.First(epoch => epoch.ValidationAccuracy == highest).Epoch, outcome.Epoch);
    }

    [Fact]
    public void Fit_CanceledBeforeTheFirstStep_ReturnsInitialWeights()
    {
        TrainingOutcome outcome = TinyRun.Fit(TinyRun.Recipe, canceled: () => true);

        Assert.Equal((TrainingEnd.Canceled, 0, 0), (outcome.End, outcome.Epoch, outcome.History.Count));
    }

    [Fact]
    public void Fit_AccuracyDoesNotImprove_StopsEarly()
    {
        // Accuracy can increase by 0.6 at most once after the first epoch.
        TrainingOutcome outcome = TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = 50,
                EarlyStopping = new EarlyStopping { Patience = 3, MinDelta = 0.6 },
            },
            validation: TinyData.Bands(8, seed: 3)
        );

        Assert.Equal(TrainingEnd.StoppedEarly, outcome.End);
        Assert.InRange(outcome.History.Count, 4, 8);
    }

    [Fact]
    public void Fit_LossIsNaN_NamesEpochAndLearningRate()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { ReportEverySteps = 1, Strategies = [new Poison()] };

        TrainingDivergedException e = Assert.Throws<TrainingDivergedException>(() => TinyRun.Fit(recipe));

        Assert.Contains("epoch 1", e.Message);
        Assert.Contains("0.05", e.Message);
    }

    [Fact]
    public void Fit_LearningRateFarTooHigh_Diverges() =>
        Assert.Throws<TrainingDivergedException>(() => TinyRun.Fit(TinyRun.Recipe with { LearningRate = 1e30, Epochs = 5 }));

    [Fact]
    public void Fit_Progress_IsMonotonicAndEndsWithTheCompletedEpoch()
    {
        List<TrainingProgress> reports = [];

        TrainingOutcome outcome = TinyRun.Fit(TinyRun.Recipe with { Epochs = 3, ReportEverySteps = 2 }, TinyData.Bands(40), progress: reports.Add);

        Assert.Equal(outcome.History, reports.Where(report => report.Completed is not null).Select(report => report.Completed));
        Assert.NotNull(reports[^1].Completed);
        Assert.Equal((3, 3, 5, 5), (reports[^1].Epoch, reports[^1].Epochs, reports[^1].Step, reports[^1].StepsPerEpoch));
        Assert.All(
            reports.Zip(reports.Skip(1)),
            pair =>
            {
                Assert.True(pair.First.Elapsed <= pair.Second.Elapsed);
                Assert.True((pair.First.Epoch, pair.First.Step).CompareTo((pair.Second.Epoch, pair.Second.Step)) <= 0);
            }
        );
        Assert.Equal([2, 4, 5], reports.Where(report => report.Epoch == 1).Select(report => report.Step));
        Assert.All(reports, report => Assert.True(report.ImagesPerSecond > 0 && report.Remaining >= TimeSpan.Zero && report.Accuracy is >= 0 and <= 1));
        Assert.Equal(TimeSpan.Zero, reports[^1].Remaining);
        Assert.Equal(outcome.History[0].TrainLoss, reports.First(report => report.Step == 5).Loss);
        Assert.Equal(3, reports.Count(report => report.Step == 5));
    }

    [Theory]
    [InlineData(0.9, 0.8, "loss 0.4000, accuracy 90.00 %, validation loss 0.5100, accuracy 80.00 %, learning rate 0.1, 30.0 s")]
    [InlineData(0.9, null, "loss 0.4000, accuracy 90.00 %, learning rate 0.1, 30.0 s")]
    [InlineData(double.NaN, 0.8, "loss 0.4000, validation loss 0.5100, mean average precision 80.00 %, learning rate 0.1, 30.0 s")]
    [InlineData(double.NaN, null, "loss 0.4000, learning rate 0.1, 30.0 s")]
    public void EpochMetrics_InALog_LeaveOutWhatWasNotMeasured(double train, double? validation, string expected) =>
        Assert.Equal(expected, new EpochMetrics(3, 0.1, 0.4, train, validation is null ? null : 0.51, validation, 30).Summary());

    [Fact]
    public void TrainingProgress_AsText_IsOneReadableLine()
    {
        TrainingProgress step = new(3, 20, 40, 78, 0.43211, 0.875, 0.1, 812.4, TimeSpan.FromSeconds(90), new TimeSpan(1, 2, 3), null);
        TrainingProgress epoch = step with { Step = 78, Remaining = TimeSpan.FromSeconds(42), Completed = new EpochMetrics(3, 0.1, 0.4, 0.9, 0.51, 0.8, 30) };

        Assert.Equal("epoch 3/20, step 40/78: loss 0.4321, accuracy 87.5 %, 812 images/s, 1:02:03 left", step.ToString());
        Assert.Equal("epoch 3/20: loss 0.4000, accuracy 90.0 %, validation loss 0.5100, accuracy 80.0 %, 812 images/s, 0:42 left", epoch.ToString());
    }

    [Fact]
    public void Fit_ProgressCallbackThrows_EndsFitWithItsException() =>
        Assert.Throws<FormatException>(() => TinyRun.Fit(TinyRun.Recipe, progress: _ => throw new FormatException()));

    [Fact]
    public void Fit_ManyProblems_AreAllListed()
    {
        TrainingRecipe recipe = TinyRun.Recipe with
        {
            Epochs = 0,
            BatchSize = 0,
            LearningRate = double.NaN,
            Optimizer = new SgdOptimizer { Momentum = 1 },
            WeightDecay = -1,
            Loss = new CrossEntropyLoss { LabelSmoothing = 1 },
            WarmupEpochs = -1,
            ReportEverySteps = 0,
            ScoringBatchSize = 0,
            EarlyStopping = new EarlyStopping { Patience = 0, MinDelta = -1 },
            Schedule = new StepSchedule { Gamma = 2 },
            Augmentations = [new PadCropFlip { Padding = -1 }],
            Strategies = [new Strategy { Stages = 4 }, new Strategy()],
        };

        ArgumentException e = Assert.Throws<ArgumentException>(() => TinyRun.Fit(recipe, TinyData.Random(new ImageShape(3, 4, 4), 4, classes: 1)));

        string[] named =
        [
            "Epochs",
            "BatchSize",
            "LearningRate",
            "Momentum",
            "WeightDecay",
            "WarmupEpochs",
            "LabelSmoothing",
            "ReportEverySteps",
            "ScoringBatchSize",
            "Patience",
            "MinDelta",
            "Gamma",
            "Padding",
            "Stages",
            "'feature-mining' 2 times",
            "has 1 class",
            "3x4x4",
            "no validation set",
        ];
        Assert.All(named, word => Assert.Contains(word, e.Message));
    }

    [Fact]
    public void Fit_NoImages_Throws()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => TinyRun.Fit(TinyRun.Recipe, new ImageSetBuilder(TinyRun.Recipe.Input).Build(2)));

        Assert.Contains("training set has no images", e.Message);
    }

    [Fact]
    public void Fit_UnknownBackbone_Throws() =>
        Assert.Contains("'resnet-9000'", Assert.Throws<ArgumentException>(() => TinyRun.Fit(TinyRun.Recipe with { Backbone = "resnet-9000" })).Message);

    [Fact]
    public void Fit_BatchLargerThanTheSet_TrainsOneStepPerEpoch()
    {
        List<TrainingProgress> reports = [];

        TinyRun.Fit(TinyRun.Recipe with { BatchSize = 1000 }, progress: reports.Add);

        Assert.All(reports, report => Assert.Equal(1, report.StepsPerEpoch));
    }

    [Fact]
    public void Fit_LastBatchOfOneImage_Trains() =>
        Assert.Equal(TrainingEnd.Completed, TinyRun.Fit(TinyRun.Recipe with { BatchSize = 4 }, TinyData.Bands(9)).End);

    /// <summary>Makes the loss NaN by NaN features.</summary>
    private sealed record Poison : TrainingStrategy
    {
        public override string Key => "poison";

        protected internal override StrategyRun Start(StrategyContext context) => new Run();

        private sealed class Run : StrategyRun
        {
            public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) => features * double.NaN;
        }
    }
}
