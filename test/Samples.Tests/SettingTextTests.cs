using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Mining = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Samples.Tests;

/// <summary>Parts and options of trainers as text on a command line.</summary>
public sealed class SettingTextTests
{
    [Fact]
    public void Part_KeyAlone_HasTheDefaults() => Assert.Equal(new CutMix().Probability, Assert.IsType<CutMix>(Strategy("cutmix")).Probability);

    [Fact]
    public void Part_WithSettings_HasThem()
    {
        CutMix mixed = Assert.IsType<CutMix>(Strategy("cutmix:probability=0.25,Alpha=3"));
        Assert.Equal((0.25, 3), (mixed.Probability, mixed.Alpha));

        Mining mining = Assert.IsType<Mining>(Strategy("feature-mining:mask-per-image=true,segmentation=channels,stages=1"));
        Assert.Equal((true, Segmentation.Channels, 1), (mining.MaskPerImage, mining.Segmentation, mining.Stages));
        Assert.Equal(new FocalLoss { Gamma = 0.5 }, SettingText.Part("focal:gamma=0.5", LossCatalog.Create));
    }

    [Fact]
    public void Part_WithAListOfNumbers_HasThem()
    {
        Assert.Equal([0.25, 0.5], Assert.IsType<StepSchedule>(SettingText.Part("step:milestones=0.25;0.5", ScheduleCatalog.Create)).Milestones);
        Assert.Equal(
            "'milestones=a': 'a' is not a valid list of numbers.",
            Assert.Throws<ArgumentException>(() => SettingText.Part("step:milestones=a", ScheduleCatalog.Create)).Message
        );
    }

    [Theory]
    [InlineData("nothing", "Unknown training strategy 'nothing'. Known: augmask, byot, ")]
    [InlineData("cutmix:prob=1", "'prob' is not a setting of CutMix. Its settings are Alpha, Probability.")]
    [InlineData("cutmix:", "'' is not a setting of CutMix. Its settings are Alpha, Probability.")]
    [InlineData("cutmix:probability=half", "'probability=half': 'half' is not a valid number.")]
    [InlineData("feature-mining:segmentation=Boxes", "'segmentation=Boxes': 'Boxes' is not a valid Segmentation. It is one of ")]
    [InlineData("feature-mining:mask-per-image=yes", "'mask-per-image=yes': 'yes' is not a valid truth value. It is true or false.")]
    public void Part_ThatCannotBeRead_SaysWhy(string text, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<ArgumentException>(() => Strategy(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Assign_OptionsOfATrainer_SetsThem()
    {
        VisualInductivePriorsOptions options = new();

        Array.ForEach(
            ["CenterLossWeight=0", "head.dual-pool=false", "checkpoint-every=00:02:00", "ValidationFraction=0.2"],
            assignment => SettingText.Assign(options, assignment)
        );

        Assert.Equal(
            (0, false, TimeSpan.FromMinutes(2), 0.2),
            (options.CenterLossWeight, ((LinearHead)options.Head!).DualPool, options.CheckpointEvery, options.ValidationFraction)
        );
    }

    private static TrainingStrategy Strategy(string text) => SettingText.Part(text, StrategyCatalog.Create);
}
