using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Runs that diverge or run out of memory.</summary>
public sealed class FaultTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void Fit_LossIsNaN_NamesStepRateAndImages()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 3, Strategies = [new Saboteur { Poisons = clock => clock is { Epoch: 1, Step: 1 } }] };

        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => TinyRun.Fit(recipe));

        // The gradient of the second step is NaN, so the loss of the third step is the first that is NaN.
        Assert.StartsWith(
            "The loss became NaN or infinite in epoch 2, step 3 of 3, at learning rate 0.005. Lower LearningRate or add WarmupEpochs. "
                + "Training images of this step: ",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Fit_LastGradientIsNaN_IsDetectedInTheWeights()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 3, Strategies = [new Saboteur { Poisons = clock => clock is { Epoch: 1, Step: 2 } }] };

        TrainingDivergedException error = Assert.Throws<TrainingDivergedException>(() => TinyRun.Fit(recipe));

        Assert.StartsWith("The weights became NaN or infinite in epoch 2, step 3 of 3", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Fit_RollBack_ContinuesFromTheLastGoodStateWithHalfTheRate(bool withCheckpoints)
    {
        int poisoned = 0;
        Saboteur once = new() { Poisons = clock => clock is { Epoch: 1, Step: 1 } && poisoned++ == 0 };
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 3, OnDivergence = DivergenceBehavior.RollBack, Strategies = [once] };
        List<string> warnings = [];

        TrainingOutcome outcome = TinyRun.Fit(recipe, warn: warnings.Add, checkpoints: withCheckpoints ? new MemoryStore() : null);

        Assert.EndsWith(
            "Rolled back to epoch 2, step 0; training continues with the learning rate times 0.5.",
            Assert.Single(warnings),
            StringComparison.Ordinal
        );
        Assert.Equal(TrainingEnd.Completed, outcome.End);
        Assert.Equal(3, outcome.History.Count);
        Assert.Equal(TinyRun.Fit(recipe with { Strategies = [] }).History[1].LearningRate / 2, outcome.History[1].LearningRate, 12);
        Assert.All(outcome.History, epoch => Assert.True(double.IsFinite(epoch.TrainLoss)));
    }

    [Fact]
    public void Fit_RollBackDoesNotHelp_ThrowsAfterFiveTimes()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { OnDivergence = DivergenceBehavior.RollBack, Strategies = [new Saboteur { Poisons = _ => true }] };
        List<string> warnings = [];

        Assert.Throws<TrainingDivergedException>(() => TinyRun.Fit(recipe, warn: warnings.Add));

        Assert.Equal(5, warnings.Count);
    }

    [Fact]
    public void Fit_BatchTooLargeForTheDevice_IsSplit()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 8, Strategies = [new Saboteur { LargestBatch = 2 }] };
        List<string> warnings = [];

        TrainingOutcome outcome = TinyRun.Fit(recipe, warn: warnings.Add);

        Assert.Equal(
            [
                "Out of memory on cpu with a batch of 8 images. From now on, batches are split into 2 pieces with gradient accumulation.",
                "Out of memory on cpu with a batch of 8 images. From now on, batches are split into 4 pieces with gradient accumulation.",
            ],
            warnings
        );
        Assert.Equal(8, outcome.History.Count);
        Assert.True(outcome.History[^1].TrainLoss < outcome.History[0].TrainLoss);
        // BatchNorm has seen the ten pieces of each epoch, and not the batch that did not fit.
        NamedTensor[] counters = [.. outcome.Weights.Tensors.Where(value => value.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal))];
        Assert.NotEmpty(counters);
        Assert.All(counters, counter => Assert.Equal(80, BitConverter.ToInt64(counter.Bytes)));
    }

    [Fact]
    public void Fit_NoMemoryForOneImage_Throws()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Strategies = [new Saboteur { LargestBatch = 0 }] };

        Assert.Throws<ExternalException>(() => TinyRun.Fit(recipe));
    }

    [Fact]
    public void Gradient_SplitBatch_EqualsThatOfTheBatch()
    {
        // Without BatchNorm, which uses the statistics of each piece, the weighted sum of the pieces' gradients is the gradient of the batch.
        using DisposeScope scope = NewDisposeScope();
        using TorchSharp.Modules.Linear linear = nn.Linear(4, 3);
        Tensor images = randn(7, 4),
            targets = nn.functional.one_hot(tensor(new long[] { 0, 1, 2, 0, 1, 2, 0 }), 3).to(ScalarType.Float32);
        Microsoft.ML.FeatureMining.Losses.CrossEntropyLoss loss = new();
        loss.Compute(linear.call(images), targets).backward();
        Tensor whole = linear.weight!.grad!.clone();
        linear.weight!.grad!.zero_();

        Batch batch = new(images, targets);
        foreach ((long start, long end) in new[] { (0L, 3L), (3L, 7L) })
        {
            Batch piece = batch.Slice(start, end);
            (loss.Compute(linear.call(piece.Images), piece.Targets) * ((end - start) / 7.0)).backward();
        }

        TensorAssert.Close(whole, linear.weight!.grad!, 1e-6, "gradient");
    }

    /// <summary>Makes the gradients of some steps NaN, or simulates out-of-memory errors for large batches.</summary>
    private sealed record Saboteur : TrainingStrategy
    {
        public override string Key => "saboteur";

        public Func<TrainingClock, bool> Poisons { get; init; } = _ => false;

        public int LargestBatch { get; init; } = int.MaxValue;

        protected internal override StrategyRun Start(StrategyContext context) => new Run(this);

        private sealed class Run(Saboteur settings) : StrategyRun
        {
            public override Tensor OnStage(int stage, Tensor features, TrainingClock clock) =>
                features.shape[0] <= settings.LargestBatch ? features : throw new ExternalException("CUDA out of memory. Tried to allocate 2.00 GiB");

            public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock)
            {
                if (settings.Poisons(clock))
                {
                    ledger.Add("poison", pass.Logits.sum() * float.PositiveInfinity * 0);
                }
            }
        }
    }
}
