using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>The settings that a plan chooses for a number of images, a speed and a time.</summary>
public sealed class FineTuningPlanTests
{
    // At 224 pixels: 0.03 s to score an image, 0.1 s to train on it.
    private static readonly StepTimes Times = new(Forward: 0.03 * 128 * 128 / (224 * 224), Step: 0.1 * 128 * 128 / (224 * 224), Parameters: 1);

    [Fact]
    public void Plan_FewImages_FitsTheHeadToMoreAndLargerViews()
    {
        FineTuningPlan plan = Plan(new FineTuningGoal(), [200, 200]);

        Assert.Equal((288, 288, 0), (plan.Options.ImageHeight, plan.Options.ImageWidth, plan.Options.Epochs));
        Assert.Equal((true, true), (plan.Options.FineTuning.FitHead, plan.Options.FineTuning.FitHeadMirrored));
        Assert.Equal(TestTimeAugmentation.Flip, plan.Options.TestTimeAugmentation);
        Assert.Equal(new MultiStageHead(), plan.Options.Head);
        Assert.Null(plan.Options.ValidationFraction);
        // Twice 0.05 s for each image, and at most 2.4 s to decode them.
        Assert.InRange(plan.ExpectedTime.TotalSeconds, 39, 45);
        Assert.Equal((400, 2), (plan.Images, plan.Classes));
    }

    [Fact]
    public void Plan_Head_IsTheUsersOrFitsTheNetworkAndTheStrategies()
    {
        FineTuningGoal With(FeatureMiningOptions options) => new() { Options = options };
        Head? HeadOf(FineTuningGoal goal, BackboneFacts? network = null, int rows = 200) =>
            new FineTuningPlanner(goal, [rows, rows], Times, network ?? Network, 224).Plan().Options.Head;
        FineTuningGoal fast = new() { Effort = Effort.Fast };
        BackboneFacts oneStage = new([64], new LinearHead(), 1),
            hidden = new([64, 64], new VggHead(), 1);

        Assert.Equal(new LinearHead(), HeadOf(With(new FeatureMiningOptions { Head = new LinearHead() })));
        Assert.Null(HeadOf(With(new FeatureMiningOptions { Strategies = [new CenterLoss()] })));
        Assert.Null(HeadOf(new FineTuningGoal(), oneStage));
        Assert.Null(HeadOf(fast));
        Assert.Null(HeadOf(With(new FeatureMiningOptions { HorizontalFlip = false })));
        Assert.Null(HeadOf(new FineTuningGoal { Effort = Effort.Best }, rows: 1000)); // trains all layers
        // 128 million features, also of more images: the head is fitted to 50,000 of them. 102 and 154 million of a wider network.
        FineTuningGoal hours = new() { Time = TimeSpan.FromSeconds(6000) };
        BackboneFacts wide = new([1024, 2048], new LinearHead(), 1);
        Assert.Equal(new MultiStageHead(), HeadOf(hours, rows: 25_000));
        Assert.Equal(new MultiStageHead(), HeadOf(hours with { Time = TimeSpan.FromSeconds(12_000) }, rows: 250_000));
        FineTuningGoal minutes = new() { Time = TimeSpan.FromSeconds(2000) };
        Assert.Equal(new MultiStageHead(), HeadOf(minutes, wide, rows: 5_000));
        Assert.Null(HeadOf(minutes, wide, rows: 7_500));
        Assert.Equal(new LinearHead(), HeadOf(fast, hidden));
        Assert.Equal(new MultiStageHead(), HeadOf(new FineTuningGoal(), hidden));
    }

    [Fact]
    public void Check_NetworkWhoseOwnHeadCannotBeFitted_IsAccepted()
    {
        FeatureMiningOptions options = new()
        {
            Backbone = "vgg-11",
            FineTuning = new FineTuning { FitHead = true },
        };

        FineTuningPlanner.Check(options);

        Assert.Contains("FitHead", Assert.Throws<ArgumentException>(() => OptionsCheck.Check(options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(287, 224)]
    [InlineData(288, 288)]
    public void Plan_SmallImages_AreNotEnlargedBeyondTheSizeOfTheWeights(int side, int size) =>
        Assert.Equal(size, new FineTuningPlanner(new FineTuningGoal(), [200, 200], Times, Network, 224, side).Plan().Options.ImageHeight);

    [Fact]
    public void MedianSide_FilesBytesAndRubbish_CountsWhatCanBeRead()
    {
        byte[][] images =
        [
            .. new[] { (20, 30), (50, 40), (60, 60) }.Select(size => ImageCodec.EncodePng(new byte[3 * size.Item1 * size.Item2], size.Item1, size.Item2)),
            [1, 2, 3],
        ];
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(images.Select(image => new EncodedRow { Image = image }));

        Assert.Equal(40, SampledSizes.MedianSide(rows, images.Length, "Image", 1000_000));
        Assert.Null(SampledSizes.MedianSide(rows, images.Length, "Image", 10));
        Assert.Null(SampledSizes.MedianSide(rows, images.Length, "Other", 1000_000));
        // Every third row of 96: 20, 20, ...
        IDataView many = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 96).Select(i => new EncodedRow { Image = images[i % 3] }));
        Assert.Equal(20, SampledSizes.MedianSide(many, 96, "Image", 1000_000));
    }

    private sealed class EncodedRow
    {
        public byte[] Image { get; set; } = [];
    }

    [Fact]
    public void Plan_ImagesThatMustNotBeMirrored_AreNot()
    {
        FineTuningPlan plan = Plan(new FineTuningGoal { Options = new FeatureMiningOptions { HorizontalFlip = false } }, [200, 200]);

        Assert.False(plan.Options.FineTuning.FitHeadMirrored);
        Assert.Equal(TestTimeAugmentation.None, plan.Options.TestTimeAugmentation);
    }

    [Theory]
    [InlineData(300, 0)] // 60 s for one view of the features, 200 s for an epoch, of which 4 are needed
    [InlineData(950, 0)]
    [InlineData(1100, 4)] // 120 s for two views
    [InlineData(3600, 9)] // at 288 pixels: 198 s for two views, 331 s for an epoch
    [InlineData(100_000, 20)]
    public void Plan_ThousandsOfImages_TrainsAllLayersForAsLongAsTheTimeAllows(int seconds, int epochs)
    {
        FineTuningPlan plan = Plan(new FineTuningGoal { Time = TimeSpan.FromSeconds(seconds) }, [1000, 1000]);

        Assert.Equal(epochs, plan.Options.Epochs);
        Assert.Equal(epochs == 0 ? null : 0.1, plan.Options.ValidationFraction);
        Assert.InRange(plan.ExpectedTime.TotalSeconds, 0, seconds);
    }

    [Fact]
    public void Plan_Fast_FitsOnlyTheHeadWhateverItTakes()
    {
        FineTuningPlan plan = Plan(new FineTuningGoal { Effort = Effort.Fast }, [50_000, 50_000]);

        Assert.Equal((0, 224), (plan.Options.Epochs, plan.Options.ImageHeight));
    }

    // 270 s less the time to decode. At 224 pixels: 0.03 s for each image.
    [Theory]
    [InlineData(2400, 288, true)] // 238 s
    [InlineData(3600, 224, true)] // 216 s
    [InlineData(4600, 288, false)] // 228 s
    [InlineData(6000, 224, false)] // 180 s
    [InlineData(9200, 192, false)] // 203 s
    [InlineData(1_000_000, 96, false)]
    public void Plan_TimeForTheHeadAlone_GoesToMirrorImagesThenToTheSize(int images, int size, bool mirrored)
    {
        FineTuningPlan plan = Plan(new FineTuningGoal(), [images / 2, images / 2]);

        Assert.Equal((size, mirrored, 0), (plan.Options.ImageHeight!.Value, plan.Options.FineTuning.FitHeadMirrored, plan.Options.Epochs));
        Assert.Equal(
            size < 224,
            plan.Settings.Any(setting => setting.Name == "ImageHeight" && setting.Reason.Contains("at 224 pixels the features alone take"))
        );
    }

    [Fact]
    public void Plan_ScoredImages_TakeTimeFromTraining()
    {
        // At a given size; otherwise the plan may choose a smaller one, and more epochs.
        FineTuningGoal goal = new()
        {
            Time = TimeSpan.FromHours(1),
            Options = new FeatureMiningOptions { ImageHeight = 224 },
        };

        Assert.True(Plan(goal with { ScoredImages = 10_000 }, [1000, 1000]).Options.Epochs < Plan(goal, [1000, 1000]).Options.Epochs);
    }

    [Theory]
    [InlineData(320, null)]
    [InlineData(null, 320)]
    [InlineData(320, 160)]
    public void Plan_SizeOfTheUser_IsKept(int? height, int? width)
    {
        FineTuningGoal goal = new()
        {
            Options = new FeatureMiningOptions { ImageHeight = height, ImageWidth = width },
        };

        FineTuningPlan plan = new FineTuningPlanner(goal, [4000, 4000], Times, Network, 320).Plan();

        Assert.Equal((height, width), (plan.Options.ImageHeight, plan.Options.ImageWidth));
        Assert.DoesNotContain(plan.Settings, setting => setting.Name == "ImageHeight");
    }

    [Fact]
    public void Plan_ValidationRowsOfTheUser_AreKept()
    {
        FineTuningGoal goal = new()
        {
            Time = TimeSpan.FromHours(1),
            Options = new FeatureMiningOptions { ValidationFraction = 0.3 },
        };

        Assert.Equal(0.3, Plan(goal, [1000, 1000]).Options.ValidationFraction);
    }

    [Theory]
    [InlineData(100, 11, false)]
    [InlineData(100, 10, true)]
    public void Plan_UnbalancedClasses_AreTold(int large, int small, bool told) =>
        Assert.Equal(told, Plan(new FineTuningGoal(), [large, small]).Settings.Any(setting => setting.Name == "ClassWeighting"));

    [Theory]
    [InlineData(20, 8)]
    [InlineData(70, 16)]
    [InlineData(1000, 32)]
    public void Plan_FewImages_SmallerBatchesKeepSeveralStepsPerEpoch(int images, int batch) =>
        Assert.Equal(batch, Plan(new FineTuningGoal(), [images / 2, images / 2]).Options.BatchSize);

    [Fact]
    public void PlanFineTuning_Rows_GivesOptionsThatTheTrainerTakes()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 40).Select(i => new Row { Label = i % 2 == 0 ? "cat" : "dog", ImagePath = "none.png" })
        );
        FineTuningGoal goal = new() { Options = new FeatureMiningOptions { ImageColumnName = "ImagePath" } };

        FineTuningPlan plan = ml.MulticlassClassification.PlanFineTuning(rows, goal);

        Assert.Equal((PretrainedWeights.ResNet18, "ImagePath"), (plan.Options.InitialWeights, plan.Options.ImageColumnName));
        Assert.InRange(plan.Parameters, 10_000_000, 20_000_000);
        Assert.NotNull(ml.MulticlassClassification.Trainers.FeatureMining(plan.Options));
    }

    [Fact]
    public void PlanFineTuning_PathsOfSmallImages_DoesNotEnlargeThem()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("small.png", ImageCodec.EncodePng(new byte[3 * 64 * 64], 64, 64));
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 40).Select(i => new Row { Label = i % 2 == 0 ? "cat" : "dog", ImagePath = path }));

        // The column of the options is Image, and the rows have none.
        Assert.Equal(224, ml.MulticlassClassification.PlanFineTuning(rows).Options.ImageHeight);
    }

    [Fact]
    public void PlanFineTuning_InAWorkspace_KeepsTheMeasuredSpeed()
    {
        using TemporaryFolder folder = new();
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 40).Select(i => new Row { Label = i % 2 == 0 ? "cat" : "dog", ImagePath = "none.png" })
        );
        FineTuningGoal goal = new()
        {
            Options = new FeatureMiningOptions { ImageColumnName = "ImagePath", WorkspacePath = folder["runs"] },
        };
        string file = folder["runs/speed.json"];

        FineTuningPlan first = ml.MulticlassClassification.PlanFineTuning(rows, goal);
        FineTuningPlan again = ml.MulticlassClassification.PlanFineTuning(rows, goal);

        Assert.Equal(first.ExpectedTime, again.ExpectedTime);
        Assert.Equal(first.Settings, again.Settings);
        // Of a machine that needs a minute per image.
        File.WriteAllText(file, Regex.Replace(File.ReadAllText(file), "\"Forward\":[^,]*", "\"Forward\":60"));
        Assert.Contains(ml.MulticlassClassification.PlanFineTuning(rows, goal).Settings, setting => setting is { Name: "ImageHeight", Value: "96" });
        File.WriteAllText(file, "{");
        Assert.DoesNotContain(ml.MulticlassClassification.PlanFineTuning(rows, goal).Settings, setting => setting is { Name: "ImageHeight", Value: "96" });
    }

    [Fact]
    public void PlanFineTuning_OneClassOrNoTime_Throws()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 4).Select(_ => new Row { Label = "cat" }));

        Assert.Contains(
            "Column 'Label' has 1 class; at least 2 are needed.",
            Assert.Throws<InvalidOperationException>(() => ml.MulticlassClassification.PlanFineTuning(rows)).Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.MulticlassClassification.PlanFineTuning(rows, new FineTuningGoal { Time = TimeSpan.Zero }));
    }

    [Fact]
    public void FineTuneAndPaper_AreOptionsThatTheTrainerTakes()
    {
        MLContext ml = new(1);

        Assert.NotNull(ml.MulticlassClassification.Trainers.FeatureMining(FeatureMiningOptions.FineTune()));
        Assert.NotNull(ml.MulticlassClassification.Trainers.FeatureMining(FeatureMiningOptions.FineTune(epochs: 0)));
        Assert.Equal((300, 2, null), (FeatureMiningOptions.Paper.Epochs, FeatureMiningOptions.Paper.Stages, FeatureMiningOptions.Paper.InitialWeights));
    }

    private static readonly BackboneFacts Network = new([64, 128, 256, 512], new LinearHead(), 32);

    private static FineTuningPlan Plan(FineTuningGoal goal, int[] rowsPerClass) => new FineTuningPlanner(goal, rowsPerClass, Times, Network, 224).Plan();

    private sealed class Row
    {
        public string Label { get; set; } = "";

        public string ImagePath { get; set; } = "";
    }
}
