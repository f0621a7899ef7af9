using System.Reflection;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.SearchSpace;
using Mining = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

public sealed class OptionsTests
{
    [Fact]
    public void Trainer_ManyInvalidOptions_ListsAllOfThem()
    {
        FeatureMiningOptions options = new()
        {
            LabelColumnName = "",
            PredictedLabelColumnName = "Score",
            Epochs = 0,
            BatchSize = -1,
            LearningRate = double.NaN,
            Stages = 7,
            CropPadding = -2,
            ValidationFraction = 1.5,
            ScoringBatchSize = 0,
            MaxPixels = 0,
            MaxSkippedFraction = double.NaN,
            Segmentation = (Segmentation)9,
            KeepWeights = (KeepWeights)8,
        };

        string message = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureMining(options)).Message;

        foreach (
            string name in (string[])
                [
                    "LabelColumnName",
                    "PredictedLabelColumnName",
                    "Epochs",
                    "BatchSize",
                    "LearningRate",
                    "Stages",
                    "CropPadding",
                    "ValidationFraction",
                    "ScoringBatchSize",
                    "MaxPixels",
                    "MaxSkippedFraction",
                    "Segmentation",
                    "KeepWeights",
                ]
        )
        {
            Assert.Contains(name, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Trainer_UnknownBackbone_ListsTheKnownOnes()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureMining(backbone: "alexnet"));

        Assert.Contains("alexnet", error.Message, StringComparison.Ordinal);
        Assert.Contains("cifar-resnet-", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trainer_EarlyStoppingWithoutValidationRows_Throws() =>
        Assert.Contains(
            "EarlyStopping needs a ValidationSet",
            Assert
                .Throws<ArgumentException>(() =>
                    new MLContext().MulticlassClassification.Trainers.FeatureMining(new FeatureMiningOptions { EarlyStopping = new EarlyStopping() })
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void ToRecipe_FeatureMiningDefaults_MatchThePaper()
    {
        TrainingRecipe recipe = new FeatureMiningOptions().ToRecipe(new ImageShape(3, 32, 32), seed: 5);

        Assert.Equal(
            ("cifar-resnet-56", 300, 128, 0.1, 1e-4, 5L),
            (recipe.Backbone, recipe.Epochs, recipe.BatchSize, recipe.LearningRate, recipe.WeightDecay, recipe.Seed)
        );
        Assert.Equal(new SgdOptimizer { Momentum = 0.9, Nesterov = true }, recipe.Optimizer);
        Assert.Equal(new CrossEntropyLoss(), recipe.Loss);
        Assert.Equal([1, 0.1, 0.01], new double[] { 0.2, 0.6, 0.9 }.Select(recipe.Schedule.Factor), (a, b) => Math.Abs(a - b) < 1e-12);
        Mining strategy = Assert.IsType<Mining>(Assert.Single(recipe.Strategies));
        Assert.Equal((2, Segmentation.Block), (strategy.Stages, strategy.Segmentation));
        Assert.Empty(recipe.Problems());
    }

    [Fact]
    public void ToRecipe_StepSettings_AreInTheRecipe()
    {
        FineTuning tuning = new()
        {
            FrozenStages = 1,
            BackboneLearningRateFactor = 0.1,
            FreezeBatchNorm = true,
        };
        FeatureMiningOptions options = new()
        {
            BatchSize = 32,
            GradientAccumulationSteps = 4,
            Optimizer = new AdamWOptimizer { Beta2 = 0.99 },
            NoDecayOnNormAndBias = true,
            ClipGradientNorm = 5,
            EmaDecay = 0.999,
            FineTuning = tuning,
        };

        TrainingRecipe recipe = options.ToRecipe(new ImageShape(3, 32, 32), seed: 1);

        Assert.Equal(
            (new AdamWOptimizer { Beta2 = 0.99 }, true, 5, 0.999, 128, tuning),
            (
                (AdamWOptimizer)recipe.Optimizer,
                recipe.NoDecayOnNormAndBias,
                recipe.ClipGradientNorm!.Value,
                recipe.EmaDecay!.Value,
                recipe.ImagesPerStep,
                recipe.FineTuning
            )
        );
        Assert.Empty(recipe.Problems());
    }

    [Fact]
    public void ToRecipe_WithoutStages_HasNoStrategy() =>
        Assert.Empty(
            new FeatureMiningOptions { Stages = 0 }
                .ToRecipe(new ImageShape(3, 32, 32), 1)
                .Strategies
        );

    [Theory]
    [InlineData(typeof(FeatureMiningOptions))]
    [InlineData(typeof(SsmOptions))]
    [InlineData(typeof(VisualInductivePriorsOptions))]
    public void SearchRanges_InitialValue_IsAboveTheMinimumAndWithinTheRange(Type options)
    {
        RangeAttribute[] ranges = [.. options.GetProperties().Select(property => property.GetCustomAttribute<RangeAttribute>()).OfType<RangeAttribute>()];

        Assert.NotEmpty(ranges);
        Assert.All(
            ranges,
            range =>
            {
                (double min, double max, double init) = (Convert.ToDouble(range.Min), Convert.ToDouble(range.Max), Convert.ToDouble(range.Init));
                Assert.True(min < init && init <= max);
                Assert.True(!range.LogBase || min > 0);
            }
        );
        Assert.Contains(options.GetProperties(), property => property.GetCustomAttribute<ChoiceAttribute>() is not null);
        Assert.Contains(options.GetProperties(), property => property.GetCustomAttribute<BooleanChoiceAttribute>() is not null);
    }

    /// <summary>AutoML creates options from JSON.</summary>
    [Fact]
    public void Options_ToJsonAndBack_AreEqual()
    {
        FeatureMiningOptions options = new()
        {
            Epochs = 17,
            LearningRate = 0.03,
            HorizontalFlip = false,
            BatchSize = 64,
            EarlyStopping = new EarlyStopping { Patience = 3 },
        };

        FeatureMiningOptions? back = JsonSerializer.Deserialize<FeatureMiningOptions>(JsonSerializer.Serialize(options));

        Assert.Equal(options with { Strategies = back!.Strategies, Augmentations = back.Augmentations, Schedule = back.Schedule }, back);
    }

    [Fact]
    public void ToRecipe_SsmDefaults_MatchThePaper()
    {
        TrainingRecipe recipe = new SsmOptions().ToRecipe(new ImageShape(3, 224, 224), seed: 1);

        Assert.Equal(("resnet-50", 90, 256, 0.1, 1e-4), (recipe.Backbone, recipe.Epochs, recipe.BatchSize, recipe.LearningRate, recipe.WeightDecay));
        Assert.Equal(new SplitAndShareHead { Splits = 4 }, recipe.Head);
        Assert.Equal(new SgdOptimizer { Momentum = 0.9, Nesterov = false }, recipe.Optimizer);
        Assert.Equal([1, 0.1, 0.01], new[] { 29, 30, 60 }.Select(epoch => recipe.Schedule.Factor(epoch / 90.0)), (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal((new ImageShape(3, 224, 224), new ImageShape(3, 256, 256)), (recipe.Input, recipe.StoredShape));
        Assert.Equal(["random-crop", "pad-crop-flip"], recipe.Augmentations.Select(augmentation => augmentation.Key));
        // "Resized to 256x256 shape".
        Assert.Equal(ResizeRule.Squash, new SsmOptions().ToPreprocessing().Resize);
        Assert.Empty(recipe.Problems());
        Assert.Contains(
            "SplitAndShareHead",
            Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.Ssm(new SsmOptions { Head = new LinearHead() })).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void ToRecipe_CropRatio_CropsOnce()
    {
        FeatureMiningOptions options = new() { CropRatio = 0.875, Augmentations = [new RandomResizedCrop()] };
        ImageShape input = new(3, 224, 224);

        Assert.Equal(["pad-crop-flip", "random-resized-crop"], options.ToRecipe(input, 1).Augmentations.Select(augmentation => augmentation.Key));
        Assert.Equal(
            ["random-crop", "pad-crop-flip"],
            (options with { Augmentations = [] }).ToRecipe(input, 1).Augmentations.Select(augmentation => augmentation.Key)
        );
        Assert.Contains("no augmentation crops", Assert.Single((options.ToRecipe(input, 1) with { Augmentations = [] }).Problems()), StringComparison.Ordinal);
        Assert.All(
            [0, 0.49, 1.01, double.NaN],
            share => Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureMining(options with { CropRatio = share }))
        );
    }

    [Fact]
    public void ToRecipe_VisualInductivePriorsDefaults_MatchThePaper()
    {
        ImageShape input = new(3, 224, 224);
        TrainingRecipe recipe = (new VisualInductivePriorsOptions() with { Hierarchy = ClassHierarchy.Parse("(0,1);") }).ToRecipe(input, seed: 1);

        Assert.Equal(new LinearHead { DualPool = true, Dropout = 0.2 }, recipe.Head);
        Assert.Equal(("dsk-resnext-50-32x4d", 360, 5.0, 1e-4), (recipe.Backbone, recipe.Epochs, recipe.WarmupEpochs, recipe.WeightDecay));
        Assert.Equal(0.1 / 1024, recipe.LearningRate / recipe.BatchSize);
        Assert.Equal(new PositiveClassLoss { LabelSmoothing = 0.1 }, recipe.Loss);
        Assert.IsType<CosineSchedule>(recipe.Schedule);
        Assert.Equal(["cutmix", "center-loss", "tree-supervision"], recipe.Strategies.Select(strategy => strategy.Key));
        Assert.Equal(["pad-crop-flip", "random-resized-crop"], recipe.Augmentations.Select(augmentation => augmentation.Key));
        Assert.Empty(recipe.Problems());
    }

    [Fact]
    public void ToRecipe_VisualInductivePriorsWithAllPartsDisabled_IsPlainTraining()
    {
        TrainingRecipe recipe = new VisualInductivePriorsOptions
        {
            Loss = new CrossEntropyLoss { LabelSmoothing = 0.1 },
            Head = new LinearHead(),
            CenterLossWeight = 0,
            TreeSupervisionWeight = 0,
            CutMixProbability = 0,
        }.ToRecipe(new ImageShape(3, 224, 224), seed: 1);

        Assert.Equal(new LinearHead(), recipe.Head);
        Assert.Equal(new CrossEntropyLoss { LabelSmoothing = 0.1 }, recipe.Loss);
        Assert.Empty(recipe.Strategies);
    }
}
