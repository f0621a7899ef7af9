using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;

namespace Microsoft.ML.FeatureMining.Tests.Parts;

/// <summary>The sentences about settings outside of their range.</summary>
public sealed class SettingsValidatorTests
{
    public static TheoryData<FeatureMiningOptions, string> Wrong =>
        new()
        {
            {
                new() { Epochs = -1 },
                "Epochs must be at least 0; it is -1."
            },
            {
                new() { LearningRate = double.NaN },
                "LearningRate must be above 0 and finite; it is NaN."
            },
            {
                new() { LearningRate = double.PositiveInfinity },
                "LearningRate must be above 0 and finite; it is Infinity."
            },
            {
                new() { EmaDecay = 1 },
                "EmaDecay must be above 0 and below 1; it is 1."
            },
            {
                new() { CropRatio = 0.4 },
                "CropRatio must be at least 0.5 and at most 1; it is 0.4."
            },
            {
                new() { LabelColumnName = "" },
                "LabelColumnName must not be empty; it is empty."
            },
            {
                new() { CacheFolder = "" },
                "CacheFolder must not be empty; it is empty."
            },
            {
                new() { Loss = null! },
                "Loss must not be empty; it is null."
            },
            {
                new() { KeepWeights = (KeepWeights)7 },
                "KeepWeights must be one of Best, Last; it is 7."
            },
            {
                new() { CheckpointEvery = TimeSpan.FromSeconds(-1) },
                "CheckpointEvery must be at least 00:00:00 and at most 10000000.00:00:00; it is -00:00:01."
            },
            {
                new() { Loss = new FocalLoss { Gamma = -1 } },
                "Gamma of focal must be at least 0 and finite; it is -1."
            },
            {
                new() { Optimizer = new SgdOptimizer { Momentum = 1 } },
                "Momentum of sgd must be at least 0 and below 1; it is 1."
            },
            {
                new() { FineTuning = new() { FrozenStages = -1 } },
                "FrozenStages of FineTuning must be at least 0; it is -1."
            },
            {
                new() { EarlyStopping = new() { Patience = 0 } },
                "Patience of EarlyStopping must be at least 1; it is 0."
            },
            {
                new() { Augmentations = [new Cutout(), new Cutout { Size = 0 }] },
                "Size of cutout must be at least 1; it is 0."
            },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Problems_ValueOutsideItsRange_SayRangeAndValue(FeatureMiningOptions options, string problem) =>
        Assert.Equal([problem], SettingsValidator.Problems(options));

    [Fact]
    public void Problems_Defaults_AreNone() =>
        Assert.All(
            new ImageClassificationOptions[] { new FeatureMiningOptions(), new SsmOptions(), new VisualInductivePriorsOptions(), new PatchTrainingOptions() },
            options => Assert.Empty(SettingsValidator.Problems(options))
        );

    [Fact]
    public void Problems_SettingOfADerivedPart_IsCheckedToo() =>
        Assert.Equal(
            ["Strength of own must be at least 1 and at most 2; it is 3."],
            SettingsValidator.Problems(new FeatureMiningOptions { Augmentations = [new Own { Strength = 3 }] })
        );

    private sealed record Own : ImageAugmentation
    {
        public override string Key => "own";

        [Range(1, 2)]
        public int Strength { get; init; } = 1;

        public override TorchSharp.torch.Tensor Apply(TorchSharp.torch.Tensor images, Microsoft.ML.FeatureMining.Randomness.RandomStream random) => images;
    }
}
