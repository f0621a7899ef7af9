using System.CommandLine;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Samples.Tests;

/// <summary>What becomes of a command line of <c>train</c>.</summary>
public sealed class TrainOptionsTests
{
    [Fact]
    public void Augmentations_OfAKindThatTheTrainerHas_TakeItsPlace() =>
        Assert.Equal(
            [new RandomResizedCrop { MinArea = 0.35 }, new Cutout()],
            Settings("--trainer", "vipf", "--augment", "random-resized-crop:min-area=0.35", "--augment", "cutout").Augmentations
        );

    [Fact]
    public void Augmentations_OfAnotherKind_ComeAfterTheTrainersOwn() =>
        Assert.Equal([new RandomResizedCrop(), new Cutout()], Settings("--trainer", "vipf", "--augment", "cutout").Augmentations);

    [Theory]
    [InlineData(5)]
    [InlineData(5, "--epochs", "40")]
    [InlineData(2, "--epochs", "4")]
    [InlineData(0, "--epochs", "1")]
    [InlineData(3, "--epochs", "4", "--set", "SwitchEpoch=3")]
    public void SwitchEpoch_OfFewEpochs_IsHalfOfThem(int expected, params string[] arguments) =>
        Assert.Equal(expected, ((PatchTrainingOptions)Settings(["--trainer", "patch", .. arguments])).SwitchEpoch);

    [Theory]
    [InlineData(0.9, "--epochs", "9")]
    [InlineData(5, "--epochs", "9", "--warmup", "5")]
    [InlineData(5)]
    public void Warmup_NotGiven_IsAtMostATenthOfTheEpochs(double expected, params string[] arguments) =>
        Assert.Equal(expected, Settings(["--trainer", "vipf", .. arguments]).WarmupEpochs, 1e-9);

    [Fact]
    public void Schedule_ThatAUserRegistered_IsNamedInTheHelpAndTakesItsSettings()
    {
        ScheduleCatalog.Register(() => new ConstantSchedule());

        Assert.Equal(new ConstantSchedule { Level = 0.5 }, Settings("--schedule", "constant:level=0.5").Schedule);
        Assert.Contains("constant", TrainCommand.Create().Options.Single(option => option.Name == "--schedule").Description, StringComparison.Ordinal);
        Assert.Contains(
            "not a valid number",
            Assert.Single(TrainCommand.Create().Parse(["--images", ".", "--schedule", "constant:level=high"]).Errors).Message,
            StringComparison.Ordinal
        );
    }

    private static ImageClassificationOptions Settings(params string[] arguments)
    {
        RootCommand command = new();
        TrainOptions options = new();
        options.AddTo(command);
        return options.Settings(command.Parse(arguments), _ => throw new InvalidOperationException("No hierarchy is given."));
    }

    private sealed record ConstantSchedule : LearningRateSchedule
    {
        public override string Key => "constant";

        public double Level { get; init; } = 1;

        public override double Factor(double progress) => Level;
    }
}
