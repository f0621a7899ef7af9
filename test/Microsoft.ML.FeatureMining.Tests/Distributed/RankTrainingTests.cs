using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Runs;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>Training on several ranks, which are threads here, gives what one process gives, bit for bit.</summary>
[Collection(nameof(SerialTests))]
public sealed class RankTrainingTests : IClassFixture<SingleThreadFixture>
{
    // 22 images in steps of 3 batches of 3: 9, 9 and 4, so that the last step has one batch, of 4 images.
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { BatchSize = 3, GradientAccumulationSteps = 3, KeepWeights = KeepWeights.Last };

    private static readonly Dictionary<string, TrainingRecipe> Recipes = new()
    {
        ["plain"] = Plain,
        ["feature mining"] = Plain with { Strategies = [new Microsoft.ML.FeatureMining.Strategies.FeatureMining()] },
        ["dropout"] = Plain with { Head = new LinearHead { Dropout = 0.3 } },
        ["stochastic depth"] = Plain with { Backbone = "efficientnet-b0", Input = new ImageShape(1, 32, 32), Epochs = 1 },
        ["class partners"] = Plain with { Strategies = [new ClassWiseSelfDistillation { Partners = PartnerSource.Class }] },
        ["class pairs"] = Plain with { BatchSize = 4, Strategies = [new ClassWiseSelfDistillation()] },
        ["mixup and cutmix"] = Plain with { Strategies = [new Mixup(), new CutMix()] },
        ["augmentation"] = Plain with { Augmentations = [new PadCropFlip { Padding = 1 }, new RandomErasing { Probability = 0.5 }] },
        ["center loss"] = Plain with { Strategies = [new CenterLoss()] },
        ["clipping and EMA"] = Plain with { ClipGradientNorm = 0.1, EmaDecay = 0.9 },
        ["fine-tuning"] = Plain with
        {
            FineTuning = new FineTuning
            {
                FitHead = true,
                FrozenStages = 1,
                BackboneLearningRateFactor = 0.1,
            },
        },
        ["frozen BatchNorm"] = Plain with { FineTuning = new FineTuning { FreezeBatchNorm = true } },
        ["bfloat16"] = Plain with { Precision = Precision.BFloat16 },
        ["balanced"] = Plain with { Sampling = Sampling.Balanced },
    };

    private static readonly ImageSet Train = TinyData.Bands(22);
    private static readonly ImageSet Validation = TinyData.Random(new ImageShape(1, 8, 8), count: 13, classes: 2, seed: 4);

    public static TheoryData<string> Names { get; } = [.. Recipes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Fit_OnSeveralRanks_GivesTheWeightsOfOneProcess(string name)
    {
        TrainingOutcome alone = Fit(Recipes[name]);

        foreach (int world in (int[])[2, 3, 4])
        {
            Assert.All(ThreadCommunicator.Run(world, ranks => Fit(Recipes[name], ranks)), outcome => AssertSame(alone, outcome));
        }
    }

    [Fact]
    public void Fit_ScoringInBatches_ReportsTheValidationOfOneProcess()
    {
        TrainingRecipe recipe = Plain with { ScoringBatchSize = 2, KeepWeights = KeepWeights.Best };
        TrainingOutcome alone = Fit(recipe);

        Assert.All(ThreadCommunicator.Run(3, ranks => Fit(recipe, ranks)), outcome => AssertSame(alone, outcome));
    }

    [Fact]
    public void Fit_SinglePrecisionSums_DifferInTheLastBitsOnly()
    {
        TrainingRecipe recipe = Plain with { Epochs = 1 };
        TrainingOutcome alone = Fit(recipe);

        TrainingOutcome[] outcomes = ThreadCommunicator.Run(
            2,
            ranks =>
            {
                ((PeerCommunicator)ranks).LocalFirst = true;
                return Fit(recipe, ranks);
            }
        );

        Assert.Equal(TinyRun.Bits(outcomes[0]), TinyRun.Bits(outcomes[1]));
        Assert.Equal(alone.History[0].TrainLoss, outcomes[0].History[0].TrainLoss, 1e-5);
    }

    [Fact]
    public void Fit_BatchesOfAStep_DrawDifferentNumbers()
    {
        double[] one = DrawsOf(batches: 1),
            three = DrawsOf(batches: 3);

        Assert.Equal(3, three[..3].Distinct().Count());
        // The first batch of a step draws what a batch draws without gradient accumulation.
        Assert.Equal((one[0], one[1]), (three[0], three[3]));

        static double[] DrawsOf(int batches)
        {
            Drawing drawing = new();
            Fit(Plain with { GradientAccumulationSteps = batches, Strategies = [drawing] });
            return [.. drawing.Draws];
        }
    }

    [Theory]
    [InlineData(1, 3)]
    [InlineData(3, 1)]
    [InlineData(2, 4)]
    public void Fit_ResumedWithAnotherNumberOfRanks_GivesTheSameWeights(int before, int after)
    {
        TrainingRecipe recipe = Recipes["feature mining"] with
        {
            Head = new LinearHead { Dropout = 0.3 },
            EmaDecay = 0.9,
        };
        TrainingOutcome whole = Fit(recipe);
        MemoryStore store = new();
        int steps = 0;

        // Canceled on the last rank, in the middle of the second epoch.
        TrainingOutcome[] canceled = ThreadCommunicator.Run(
            before,
            ranks => Fit(recipe, ranks, store, canceled: () => ranks.Rank == before - 1 && Interlocked.Increment(ref steps) > 5)
        );
        TrainingOutcome[] resumed = ThreadCommunicator.Run(after, ranks => Fit(recipe, ranks, store));

        Assert.All(canceled, outcome => Assert.Equal(TrainingEnd.Canceled, outcome.End));
        Assert.All(resumed, outcome => AssertSame(whole, outcome));
    }

    [Fact]
    public void Fit_Checkpoints_AreWrittenByRank0Only()
    {
        MemoryStore[] stores = [new(), new()];

        ThreadCommunicator.Run(2, ranks => Fit(Plain, ranks, stores[ranks.Rank]));

        Assert.Equal([2, 0], stores.Select(store => store.Saved));
    }

    [Fact]
    public void Fit_OutOfMemoryOnOneRank_SplitsTheBatchesOfAllRanks()
    {
        TrainingRecipe recipe = Plain with { BatchSize = 4, GradientAccumulationSteps = 2, Strategies = [new Mixup()] };
        TrainingOutcome alone = Fit(recipe with { Strategies = [.. recipe.Strategies, new Exhausted { Fails = true }] });

        TrainingOutcome[] outcomes = ThreadCommunicator.Run(
            2,
            ranks => Fit(recipe with { Strategies = [.. recipe.Strategies, new Exhausted { Fails = ranks.Rank == 1 }] }, ranks)
        );

        Assert.All(outcomes, outcome => AssertSame(alone, outcome));
    }

    [Fact]
    public void Fit_ErrorOnOneRank_EndsAllRanks()
    {
        AggregateException error = Assert.Throws<AggregateException>(() =>
            ThreadCommunicator.Run(2, ranks => Fit(Plain, ranks, canceled: () => ranks.Rank == 1 ? throw new IOException("the disk is gone") : false))
        );

        Assert.IsType<IOException>(error.InnerException);
    }

    [Fact]
    public void Fit_LossNaN_DivergesOnAllRanksInTheSameStep()
    {
        TrainingRecipe recipe = Plain with { LearningRate = 1e30 };
        string alone = Assert.Throws<TrainingDivergedException>(() => Fit(recipe)).Message;

        Assert.All(
            ThreadCommunicator.Run(2, ranks => Assert.Throws<TrainingDivergedException>(() => Fit(recipe, ranks)).Message),
            message => Assert.Equal(alone, message)
        );
    }

    [Fact]
    public void StepLoader_AnyNumberOfRanks_LoadsEachBatchOnce()
    {
        int[] order = [.. Enumerable.Range(0, 22).Reverse()];
        string[][] batches = [.. Enumerable.Range(1, 4).Select(world => ThreadCommunicator.Run(world, Loaded).SelectMany(own => own).Order().ToArray())];

        // The labels of an image and its place in the order are enough to tell batches apart.
        Assert.All(batches, loaded => Assert.Equal(batches[0], loaded));
        Assert.Equal(7, batches[0].Length);

        string[] Loaded(ICommunicator ranks)
        {
            List<string> own = [];
            int step = 0;
            foreach (StepImages images in StepLoader.Load(Train, order, Plain, ranks, skip: 0))
            {
                for (int batch = ranks.Rank; batch < images.Batches; batch += ranks.World)
                {
                    using HostBatch loaded = images.Next();
                    own.Add($"step {step}, batch {batch}: {Convert.ToHexString(loaded.Pixels.AsSpan(0, loaded.Count * 64))}");
                }

                step++;
            }

            return [.. own];
        }
    }

    private static TrainingOutcome Fit(TrainingRecipe recipe, ICommunicator? ranks = null, MemoryStore? store = null, Func<bool>? canceled = null)
    {
        SharedCheckpoints? shared = store is null || ranks is null ? null : new(ranks.Rank == 0 ? store : null, ranks);
        (ImageSet train, ImageSet validation) =
            recipe.Input == TinyRun.Recipe.Input ? (Train, Validation) : (TinyData.Random(recipe.Input, 22, 2), TinyData.Random(recipe.Input, 13, 2, seed: 4));
        try
        {
            return TrainingEngine.Fit(
                recipe,
                train,
                validation,
                new TrainingHost(CPU)
                {
                    Ranks = ranks ?? new SingleProcess(),
                    Checkpoints = shared,
                    IsCanceled = canceled ?? (() => false),
                }
            );
        }
        finally
        {
            shared?.Dispose();
        }
    }

    private static void AssertSame(TrainingOutcome expected, TrainingOutcome actual)
    {
        Assert.Equal(TinyRun.Bits(expected), TinyRun.Bits(actual));
        Assert.Equal(TinyRun.Figures(expected), TinyRun.Figures(actual));
        Assert.Equal(expected.Epoch, actual.Epoch);
    }

    private sealed record Drawing : TrainingStrategy
    {
        public override string Key => "drawing";

        [System.Text.Json.Serialization.JsonIgnore]
        public List<double> Draws { get; } = [];

        protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context);

        private sealed class Run(Drawing owner, StrategyContext context) : StrategyRun
        {
            public override Batch Prepare(Batch batch, TrainingClock clock)
            {
                owner.Draws.Add(context.Random.NextDouble());
                return batch;
            }
        }
    }

    // Runs out of memory once, in the first batch that this rank computes.
    private sealed record Exhausted : TrainingStrategy
    {
        public override string Key => "exhausted";

        [System.Text.Json.Serialization.JsonIgnore]
        public bool Fails { get; init; }

        protected internal override StrategyRun Start(StrategyContext context) => new Run(Fails);

        private sealed class Run(bool fails) : StrategyRun
        {
            private int _calls;

            public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) =>
                fails && stage == 0 && _calls++ == 0 ? throw new System.Runtime.InteropServices.ExternalException("CUDA out of memory.") : features;
        }
    }
}
