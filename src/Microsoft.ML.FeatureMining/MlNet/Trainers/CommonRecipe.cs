using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.MlNet.Trainers;

/// <summary>The part of a recipe that comes from the options which all trainers have.</summary>
internal static class CommonRecipe
{
    public static TrainingRecipe Of(ImageClassificationOptions options, ImageShape input, long seed) => new()
    {
        Backbone = options.Backbone,
        Input = input,
        CropShare = options.CropShare,
        Epochs = options.Epochs,
        BatchSize = options.BatchSize,
        AccumulateBatches = options.AccumulateBatches,
        LearningRate = options.LearningRate,
        Momentum = options.Momentum,
        Nesterov = options.Nesterov,
        WeightDecay = options.WeightDecay,
        NoDecayOnNormAndBias = options.NoDecayOnNormAndBias,
        Optimizer = options.Optimizer,
        MaxGradientNorm = options.MaxGradientNorm,
        WeightAverageDecay = options.WeightAverageDecay,
        FineTuning = options.FineTuning,
        Schedule = options.Schedule,
        WarmupEpochs = options.WarmupEpochs,
        LabelSmoothing = options.LabelSmoothing,
        Loss = options.Loss,
        Augmentations = [.. Crop(options), .. PadCropFlip(options), .. options.Augmentations],
        Strategies = options.Strategies,
        EarlyStopping = options.EarlyStopping,
        Keep = options.Keep,
        Divergence = options.Divergence,
        Seed = seed,
        InitialWeights = options.InitialWeights,
        ValidationBatchSize = options.ScoringBatchSize,
    };

    // A random resized crop does it by itself.
    private static IEnumerable<ImageAugmentation> Crop(ImageClassificationOptions options) =>
        options.CropShare == 1 || options.Augmentations.Any(augmentation => augmentation.Crops) ? [] : [new RandomCrop()];

    private static IEnumerable<ImageAugmentation> PadCropFlip(ImageClassificationOptions options) =>
        options is { CropPadding: 0, HorizontalFlip: false } ? [] : [new PadCropFlip { Padding = options.CropPadding, Flip = options.HorizontalFlip }];
}
