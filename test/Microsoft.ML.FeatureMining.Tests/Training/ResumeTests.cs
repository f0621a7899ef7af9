using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>A run that goes on from a checkpoint comes to the bits of one that was not interrupted.</summary>
public sealed class ResumeTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with
    {
        Epochs = 3,
        Schedule = new CosineSchedule(),
        Augmentations = [new PadCropFlip { Padding = 1 }],
        Strategies = [new Strategy { Stages = 2 }],
        KeepWeights = KeepWeights.Best,
    };

    private static readonly ImageSet Validation = TinyData.Bands(8, seed: 3);
    private static readonly TrainingOutcome Whole = TinyRun.Fit(Recipe, validation: Validation);

    // 20 images in batches of 8: three steps an epoch.
    // In each epoch a question before each step, and one before the batch of validation.
    public static TheoryData<int> Steps => [.. Enumerable.Range(0, 12)];

    public static TheoryData<int> StepsBeforeTheLast => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Steps))]
    public void Fit_CanceledAtAnyStep_GoesOnToTheSameBits(int step)
    {
        MemoryStore store = new();
        int asked = 0;
        TrainingOutcome canceled = TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == step);

        TrainingOutcome outcome = TinyRun.Fit(Recipe, validation: Validation, checkpoints: store);

        Assert.Equal(TrainingEnd.Canceled, canceled.End);
        AssertIsWhole(outcome);
    }

    [Theory]
    [MemberData(nameof(StepsBeforeTheLast))]
    public void Fit_ThatFailedAfterACheckpoint_GoesOnToTheSameBits(int step)
    {
        int asked = 0;
        MemoryStore store = new(() => asked == step + 1);
        Assert.Throws<FormatException>(() => TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == step + 2 ? throw new FormatException() : false));

        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store));
    }

    [Fact]
    public void Fit_CanceledWhileItValidates_GoesOnToTheSameBits()
    {
        MemoryStore store = new();
        int asked = 0;
        // Three questions before the steps of an epoch, the fourth before its only batch of validation.
        TrainingOutcome canceled = TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == 7);

        Assert.Equal((TrainingEnd.Canceled, 1), (canceled.End, canceled.History.Count));
        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store));
    }

    [Fact]
    public void Fit_InterruptedAtEachStep_GoesOnToTheSameBits()
    {
        MemoryStore store = new();
        TrainingOutcome outcome;
        int fits = 0;
        do
        {
            int asked = 0;
            outcome = TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == 1);
            fits++;
        }
        while (outcome.End == TrainingEnd.Canceled);

        Assert.Equal(12, fits);
        AssertIsWhole(outcome);
    }

    [Fact]
    public void Fit_ThatHadEnded_GivesTheSameModelWithoutAStep()
    {
        MemoryStore store = new();
        TinyRun.Fit(Recipe, validation: Validation, checkpoints: store);

        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, progress: _ => Assert.Fail("There was a step.")));
    }

    [Fact]
    public void Fit_ThatHadStoppedEarly_StaysStopped()
    {
        MemoryStore store = new();
        TrainingRecipe recipe = Recipe with { Epochs = 50, EarlyStopping = new EarlyStopping { Patience = 2 } };
        TrainingOutcome first = TinyRun.Fit(recipe, validation: Validation, checkpoints: store);

        TrainingOutcome again = TinyRun.Fit(recipe, validation: Validation, checkpoints: store, progress: _ => Assert.Fail("There was a step."));

        Assert.Equal(TrainingEnd.StoppedEarly, first.End);
        Assert.Equal((first.End, first.Epoch, TinyRun.Bits(first)), (again.End, again.Epoch, TinyRun.Bits(again)));
    }

    [Fact]
    public void Fit_WithCheckpoints_ChangesNothingAndSavesEachEpoch()
    {
        MemoryStore store = new();

        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store));
        Assert.Equal(3, store.Saved);
    }

    [Fact]
    public void Fit_GoingOnWithOtherThreads_SaysSo()
    {
        MemoryStore store = new();
        int asked = 0;
        List<string> notices = [];
        TinyRun.Fit(Recipe, checkpoints: store, canceled: () => asked++ == 1);
        TorchSharp.torch.set_num_threads(2);
        try
        {
            TinyRun.Fit(Recipe, checkpoints: store, notice: notices.Add);
        }
        finally
        {
            TorchSharp.torch.set_num_threads(1);
        }

        Assert.Equal(["The run was begun with 1 CPU threads and goes on with 2: it ends in other bits than it would have."], notices);
    }

    [Fact]
    public void Fit_StateOfAnotherNetwork_IsRefused()
    {
        MemoryStore store = new();
        TinyRun.Fit(Recipe, validation: Validation, checkpoints: store);

        Assert.Throws<InvalidDataException>(() => TinyRun.Fit(Recipe with { Backbone = "cifar-resnet-14" }, validation: Validation, checkpoints: store));
    }

    private static void AssertIsWhole(TrainingOutcome outcome)
    {
        Assert.Equal(Whole.End, outcome.End);
        Assert.Equal(TinyRun.Figures(Whole), TinyRun.Figures(outcome));
        Assert.Equal(Whole.Epoch, outcome.Epoch);
        Assert.Equal(TinyRun.Bits(Whole), TinyRun.Bits(outcome));
    }
}
