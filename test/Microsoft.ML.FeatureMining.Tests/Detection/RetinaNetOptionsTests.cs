using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Detection.Data;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

public sealed class RetinaNetOptionsTests
{
    public static TheoryData<string, RetinaNetOptions> Wrong =>
        new()
        {
            {
                "ImageSize must be a multiple of 32",
                new() { ImageSize = 100 }
            },
            {
                "ImageSize must be at least 64",
                new() { ImageSize = 32 }
            },
            {
                "MinScale",
                new() { MinScale = 0 }
            },
            {
                "MaxScale",
                new() { MaxScale = 0.5 }
            },
            {
                "FreezeBatchNorm of FineTuning needs InitialWeights",
                new() { InitialWeights = null }
            },
            {
                "Head is for classifiers",
                new() { Head = new LinearHead() }
            },
            {
                "Loss is for classifiers",
                new() { Loss = new FocalLoss() }
            },
            {
                "ClassWeighting is for classifiers",
                new() { ClassWeighting = ClassWeighting.Balanced }
            },
            {
                "Sampling is for classifiers",
                new() { Sampling = Sampling.Balanced }
            },
            {
                "Strategies is for classifiers",
                new() { Strategies = [new Mixup()] }
            },
            {
                "ProgressiveResizing is for classifiers",
                new() { ProgressiveResizing = new() { StartFraction = 0.5 } }
            },
            {
                "FitHead of FineTuning is for classifiers",
                new() { FineTuning = new FineTuning { FitHead = true } }
            },
            {
                "'pad-crop-flip' may move pixels",
                new() { Augmentations = [new PadCropFlip()] }
            },
            {
                "AnchorRatios",
                new() { Network = new RetinaNetSettings { AnchorRatios = [] } }
            },
            {
                "NmsThreshold",
                new() { Network = new RetinaNetSettings { NmsThreshold = 2 } }
            },
            {
                "PredictedBoundingBoxColumnName is 'Score'",
                new() { PredictedBoundingBoxColumnName = "Score" }
            },
        };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Trainer_WrongSetting_IsRejected(string expected, RetinaNetOptions options)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MLContext().ObjectDetection().Trainers.RetinaNet(options));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_PixelAugmentations_AreAllowed() =>
        Assert.NotNull(
            new MLContext()
                .ObjectDetection()
                .Trainers.RetinaNet(new RetinaNetOptions { Augmentations = [new ColorJitter(), new RandomErasing(), new Cutout(), new GridMask()] })
        );

    [Fact]
    public void ToRecipe_Defaults_AreThoseOfFineTuning()
    {
        RetinaNetOptions options = new();

        TrainingRecipe recipe = options.ToRecipe(options.ToPreprocessing().Shape, seed: 3);

        Assert.Equal(("resnet-18-2223", "3x512x512", 3L), (recipe.Backbone, recipe.Input.ToString(), recipe.Seed));
        Assert.Equal(new DetectionRecipe(options.Network, true, 0.8, 1.25), recipe.Task);
        Assert.Empty(recipe.Problems());
        Assert.Equal(0.8, ModelManifest.Describe(recipe).GetProperty("task").GetProperty("min_scale").GetDouble());
    }

    [Fact]
    public void Describe_RecipeOfAClassifier_HasNoTask() =>
        Assert.False(ModelManifest.Describe(new FeatureMiningOptions().ToRecipe(new(3, 32, 32), 0)).TryGetProperty("task", out _));
}
