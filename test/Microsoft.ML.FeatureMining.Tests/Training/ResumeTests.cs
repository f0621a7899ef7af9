using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>A run resumed from a checkpoint is bit-identical to one that was not interrupted.</summary>
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

    // 20 images in batches of 8: three steps per epoch. IsCanceled is called before each step and before the validation batch.
    public static TheoryData<int> Steps => [.. Enumerable.Range(0, 12)];

    public static TheoryData<int> StepsBeforeTheLast => [.. Enumerable.Range(0, 10)];

    [Theory]
    [MemberData(nameof(Steps))]
    public void Fit_CanceledAtAnyStep_ResumesBitIdentically(int step)
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
    public void Fit_FailedAfterACheckpoint_ResumesBitIdentically(int step)
    {
        int asked = 0;
        MemoryStore store = new(() => asked == step + 1);
        Assert.Throws<FormatException>(() =>
            TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == step + 2 ? throw new FormatException() : false)
        );

        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store));
    }

    [Fact]
    public void Fit_CanceledDuringValidation_ResumesBitIdentically()
    {
        MemoryStore store = new();
        int asked = 0;
        // Call 7 (from 0) is before the validation batch of the second epoch.
        TrainingOutcome canceled = TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == 7);

        Assert.Equal((TrainingEnd.Canceled, 1), (canceled.End, canceled.History.Count));
        List<TrainingProgress> reports = [];
        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, progress: reports.Add));
        Assert.Equal((2, 2), (reports[0].Epoch, reports[0].Completed!.Epoch));
    }

    [Fact]
    public void Fit_InterruptedAtEachStep_ResumesBitIdentically()
    {
        MemoryStore store = new();
        TrainingOutcome outcome;
        int fits = 0;
        do
        {
            int asked = 0;
            outcome = TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, canceled: () => asked++ == 1);
            fits++;
        } while (outcome.End == TrainingEnd.Canceled);

        Assert.Equal(12, fits);
        AssertIsWhole(outcome);
    }

    [Fact]
    public void Fit_CompletedRun_ReturnsTheSameModelWithoutTraining()
    {
        MemoryStore store = new();
        TinyRun.Fit(Recipe, validation: Validation, checkpoints: store);

        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store, progress: _ => Assert.Fail("A step was run.")));
    }

    [Theory]
    [InlineData(KeepWeights.Best)]
    [InlineData(KeepWeights.Last)]
    public void Fit_RunThatStoppedEarly_StaysStopped(KeepWeights keep)
    {
        MemoryStore store = new();
        TrainingRecipe recipe = Recipe with
        {
            Epochs = 50,
            EarlyStopping = new EarlyStopping { Patience = 2 },
            KeepWeights = keep,
        };
        TrainingOutcome first = TinyRun.Fit(recipe, validation: Validation, checkpoints: store);

        TrainingOutcome again = TinyRun.Fit(recipe, validation: Validation, checkpoints: store, progress: _ => Assert.Fail("A step was run."));

        Assert.Equal(TrainingEnd.StoppedEarly, first.End);
        Assert.Equal((first.End, first.Epoch, TinyRun.Bits(first)), (again.End, again.Epoch, TinyRun.Bits(again)));
        // Only weights that may become the model are stored a second time.
        Assert.Equal(keep == KeepWeights.Best, store.Load(_ => { })!.Tensors.Within(RunState.BestPrefix).Tensors.Count > 0);
    }

    [Fact]
    public void Fit_Checkpoints_DoNotChangeTheResultAndAreSavedEachEpoch()
    {
        MemoryStore store = new();

        AssertIsWhole(TinyRun.Fit(Recipe, validation: Validation, checkpoints: store));
        Assert.Equal(3, store.Saved);
    }

    [Fact]
    public void Fit_ResumedWithOtherThreads_Warns()
    {
        MemoryStore store = new();
        int asked = 0;
        List<string> warnings = [];
        TinyRun.Fit(Recipe, checkpoints: store, canceled: () => asked++ == 1);
        TorchSharp.torch.set_num_threads(2);
        try
        {
            TinyRun.Fit(Recipe, checkpoints: store, warn: warnings.Add);
        }
        finally
        {
            TorchSharp.torch.set_num_threads(1);
        }

        Assert.Equal(
            ["The run was started with 1 CPU threads and is resumed with 2; results will not be bit-identical."],
            warnings.Where(warning => warning.Contains("threads"))
        );
    }

    [Fact]
    public void Fit_CheckpointOfAnotherNetwork_Throws()
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
