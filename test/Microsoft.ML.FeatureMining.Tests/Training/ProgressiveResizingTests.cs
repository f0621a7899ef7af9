using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Smaller images in the first epochs.</summary>
public sealed class ProgressiveResizingTests : IClassFixture<SingleThreadFixture>
{
    // From 4x4 to 8x8.
    private static readonly ProgressiveResizing Halved = new()
    {
        StartFraction = 0.5,
        Until = 0.5,
        SizeMultiple = 4,
    };

    [Theory]
    [InlineData(1, 0.7, 1, 8, new[] { 224, 224, 224, 224, 224, 224, 224, 224, 224, 224 })]
    [InlineData(0.5, 0.7, 1, 8, new[] { 112, 112, 112, 112, 112, 112, 112, 224, 224, 224 })]
    [InlineData(0.5, 1, 1, 8, new[] { 112, 112, 112, 112, 112, 112, 112, 112, 112, 112 })]
    [InlineData(0.5, 0, 1, 8, new[] { 224, 224, 224, 224, 224, 224, 224, 224, 224, 224 })]
    [InlineData(0.5, 0.66, 1, 8, new[] { 112, 112, 112, 112, 112, 112, 112, 224, 224, 224 })]
    [InlineData(0.5, 0.8, 2, 8, new[] { 112, 112, 112, 112, 168, 168, 168, 168, 224, 224 })]
    [InlineData(0.5, 0.7, 3, 32, new[] { 128, 128, 128, 160, 160, 192, 192, 224, 224, 224 })]
    [InlineData(0.01, 0.3, 1, 32, new[] { 32, 32, 32, 224, 224, 224, 224, 224, 224, 224 })]
    [InlineData(0.5, 0.2, 100, 1, new[] { 112, 168, 224, 224, 224, 224, 224, 224, 224, 224 })]
    public void ShapeAt_EachEpoch_FollowsTheStages(double start, double until, int stages, int multiple, int[] sides)
    {
        ProgressiveResizing resizing = new()
        {
            StartFraction = start,
            Until = until,
            Stages = stages,
            SizeMultiple = multiple,
        };

        ImageShape[] shapes = [.. Enumerable.Range(0, 10).Select(epoch => resizing.ShapeAt(new ImageShape(3, 224, 224), epoch, 10))];

        Assert.Equal(sides.Select(side => new ImageShape(3, side, side)), shapes);
    }

    [Fact]
    public void ShapeAt_NotSquare_KeepsTheAspectRatio() =>
        Assert.Equal(new ImageShape(1, 48, 96), new ProgressiveResizing { StartFraction = 0.5 }.ShapeAt(new ImageShape(1, 96, 192), 0, 1));

    [Theory]
    [InlineData(0.5, new long[] { 4, 8 })]
    [InlineData(1, new long[] { 4, 4 })]
    [InlineData(0, new long[] { 8, 8 })]
    public void Fit_EachEpoch_TrainsAtItsSize(double until, long[] sides)
    {
        Watch watch = new();

        TinyRun.Fit(TinyRun.Recipe with { ProgressiveResizing = Halved with { Until = until }, Strategies = [watch] });

        Assert.Equal([(0, sides[0]), (1, sides[1])], watch.Seen.Distinct());
    }

    [Fact]
    public void Fit_RandomResizedCrop_TrainsAtTheSmallerSize()
    {
        Watch watch = new();

        TinyRun.Fit(TinyRun.Recipe with { ProgressiveResizing = Halved, Strategies = [watch], Augmentations = [new PadCropFlip(), new RandomResizedCrop()] });

        Assert.Equal([(0, 4), (1, 8)], watch.Seen.Distinct());
    }

    [Fact]
    public void Fit_AllEpochsSmaller_ValidatesAtTheFullSize()
    {
        // A learning rate that changes nothing, and frozen running statistics: the validation must not notice the smaller images.
        TrainingRecipe recipe = TinyRun.Recipe with
        {
            LearningRate = 1e-30,
            WeightDecay = 0,
            FineTuning = new FineTuning { FreezeBatchNorm = true },
        };
        ImageSet validation = TinyData.Bands(12, seed: 2);

        TrainingOutcome full = TinyRun.Fit(recipe, validation: validation);
        TrainingOutcome smaller = TinyRun.Fit(recipe with { ProgressiveResizing = Halved with { Until = 1 } }, validation: validation);

        Assert.Equal(full.History.Select(epoch => epoch.ValidationLoss), smaller.History.Select(epoch => epoch.ValidationLoss));
        Assert.NotEqual(full.History.Select(epoch => epoch.TrainLoss), smaller.History.Select(epoch => epoch.TrainLoss));
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(1)]
    public void Fit_StoppedAndResumed_IsBitIdentical(double until) =>
        Interruption.AssertResumesBitIdentically(
            TinyRun.Recipe with
            {
                ProgressiveResizing = Halved with { Until = until },
                Augmentations = [new PadCropFlip { Padding = 1 }, new RandomErasing()],
            }
        );

    [Fact]
    public void Fit_SmallerImages_LearnsTheBands()
    {
        TrainingOutcome outcome = TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = 15,
                ProgressiveResizing = Halved,
            },
            TinyData.Bands(40),
            TinyData.Bands(40, seed: 2)
        );

        Assert.True(outcome.History[^1].ValidationAccuracy > 0.9, $"The accuracy is {outcome.History[^1].ValidationAccuracy}.");
    }

    [Fact]
    public void Problems_SizeThatRoundsToTheFullOne_SaysWhatToLower() =>
        AssertProblem(TinyRun.Recipe with { ProgressiveResizing = new ProgressiveResizing { StartFraction = 0.5 } }, "Lower StartFraction or SizeMultiple");

    [Theory]
    [InlineData("vgg-11", "'vgg'")]
    [InlineData("resnet-18", "'vgg-patches'")]
    public void Problems_HeadWithAFixedSize_IsRejected(string backbone, string head) =>
        AssertProblem(
            TinyRun.Recipe with
            {
                Backbone = backbone,
                Head = head == "'vgg'" ? null : new VggPatchHead(),
                Input = new ImageShape(3, 64, 64),
                ProgressiveResizing = new ProgressiveResizing { StartFraction = 0.5 },
            },
            $"the head {head} has weights for each position"
        );

    [Theory]
    [InlineData(0, 0.7, 1, 8, "StartFraction of ProgressiveResizing must be above 0")]
    [InlineData(double.NaN, 0.7, 1, 8, "StartFraction of ProgressiveResizing must be above 0")]
    [InlineData(0.5, 1.1, 1, 8, "Until of ProgressiveResizing must be at least 0")]
    [InlineData(0.5, 0.7, 0, 8, "Stages of ProgressiveResizing must be at least 1")]
    [InlineData(0.5, 0.7, 1, 0, "SizeMultiple of ProgressiveResizing must be at least 1")]
    public void Problems_OutOfRange_AreListed(double start, double until, int stages, int multiple, string problem)
    {
        ProgressiveResizing resizing = new()
        {
            StartFraction = start,
            Until = until,
            Stages = stages,
            SizeMultiple = multiple,
        };

        AssertProblem(TinyRun.Recipe with { ProgressiveResizing = resizing }, problem);
    }

    [Fact]
    public void Fit_ImagesTooSmallForTheBackbone_IsRejectedBeforeTheFirstStep()
    {
        TrainingRecipe recipe = TinyRun.Recipe with
        {
            Backbone = "vgg-11-bn-cifar-stem",
            Input = new ImageShape(1, 32, 32),
            ProgressiveResizing = new ProgressiveResizing { StartFraction = 0.5 },
        };

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            TinyRun.Fit(recipe, TinyData.Random(recipe.Input, count: 8, classes: 2), progress: _ => Assert.Fail("A step was run."))
        );

        Assert.Contains("cannot process the images of 16x16 pixels that ProgressiveResizing starts with", error.Message);
    }

    private static void AssertProblem(TrainingRecipe recipe, string problem) =>
        Assert.Contains(recipe.Problems(), text => text.Contains(problem, StringComparison.Ordinal));

    /// <summary>Notes the epoch and the height of each batch.</summary>
    private sealed record Watch : TrainingStrategy
    {
        public override string Key => "watch";

        internal List<(int Epoch, long Height)> Seen { get; } = [];

        protected internal override StrategyRun Start(StrategyContext context) => new Run(this);

        private sealed class Run(Watch watch) : StrategyRun
        {
            public override Batch Prepare(Batch batch, TrainingClock clock)
            {
                Assert.Equal(batch.Images.shape[2], batch.Images.shape[3]);
                watch.Seen.Add((clock.Epoch, batch.Images.shape[2]));
                return batch;
            }
        }
    }
}
