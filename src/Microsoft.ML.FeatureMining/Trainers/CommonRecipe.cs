using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>The part of a recipe that comes from the options which all trainers have.</summary>
internal static class CommonRecipe
{
    public static TrainingRecipe Of(ImageClassificationOptions options, ImageShape input, long seed) => new()
    {
        Backbone = options.Backbone,
        Input = input,
        CropRatio = options.CropRatio,
        Epochs = options.Epochs,
        BatchSize = options.BatchSize,
        GradientAccumulationSteps = options.GradientAccumulationSteps,
        LearningRate = options.LearningRate,
        Momentum = options.Momentum,
        Nesterov = options.Nesterov,
        WeightDecay = options.WeightDecay,
        NoDecayOnNormAndBias = options.NoDecayOnNormAndBias,
        Optimizer = options.Optimizer,
        ClipGradientNorm = options.ClipGradientNorm,
        EmaDecay = options.EmaDecay,
        FineTuning = options.FineTuning,
        Schedule = options.Schedule,
        WarmupEpochs = options.WarmupEpochs,
        LabelSmoothing = options.LabelSmoothing,
        Loss = options.Loss,
        Augmentations = [.. Crop(options), .. PadCropFlip(options), .. options.Augmentations],
        Strategies = options.Strategies,
        EarlyStopping = options.EarlyStopping,
        KeepWeights = options.KeepWeights,
        OnDivergence = options.OnDivergence,
        Seed = seed,
        InitialWeights = options.InitialWeights,
        ValidationBatchSize = options.ScoringBatchSize,
    };

    // A random resized crop does it by itself.
    private static IEnumerable<ImageAugmentation> Crop(ImageClassificationOptions options) =>
        options.CropRatio == 1 || options.Augmentations.Any(augmentation => augmentation.Crops) ? [] : [new RandomCrop()];

    private static IEnumerable<ImageAugmentation> PadCropFlip(ImageClassificationOptions options) =>
        options is { CropPadding: 0, HorizontalFlip: false } ? [] : [new PadCropFlip { Padding = options.CropPadding, Flip = options.HorizontalFlip }];
}

/// <summary>Finds all that is wrong with a trainer's options, so that one message can list it.</summary>
internal static class OptionsCheck
{
    /// <exception cref="ArgumentException">Something is wrong; the message says everything that is.</exception>
    public static void Check(ImageClassificationOptions options)
    {
        List<string> problems = [.. Problems(options)];
        if (problems.Count > 0)
            throw new ArgumentException(string.Join(Environment.NewLine, ["The options cannot be used:", .. problems.Select(problem => "- " + problem)]), nameof(options));
    }

    /// <summary>All that is wrong; empty where all is well.</summary>
    public static IEnumerable<string> Problems(ImageClassificationOptions options) =>
        [.. ColumnProblems(options), .. CommonProblems(options), .. options.OwnProblems(), .. RecipeProblems(options.ToRecipe(options.ToPreprocessing().Shape, seed: 0))];

    private static IEnumerable<string> RecipeProblems(TrainingRecipe recipe)
    {
        IEnumerable<string?> keys =
        [
            recipe.Optimizer is { } optimizer ? OptimizerCatalog.Problem(optimizer) : null, recipe.Loss is { } loss ? LossCatalog.Problem(loss) : null, ScheduleCatalog.Problem(recipe.Schedule),
            .. recipe.Augmentations.Select(AugmentationCatalog.Problem), .. recipe.Strategies.Select(StrategyCatalog.Problem),
        ];
        return [.. recipe.Problems(), .. keys.OfType<string>(), .. ArtifactManifest.Problems(recipe)];
    }

    private static IEnumerable<string> ColumnProblems(ImageClassificationOptions options)
    {
        (string Property, string? Name)[] columns =
        [
            (nameof(options.LabelColumnName), options.LabelColumnName), (nameof(options.ImageColumnName), options.ImageColumnName),
            (nameof(options.ScoreColumnName), options.ScoreColumnName), (nameof(options.PredictedLabelColumnName), options.PredictedLabelColumnName),
        ];
        foreach ((string property, string? name) in columns)
        {
            if (string.IsNullOrEmpty(name))
                yield return $"{property} is empty.";
        }
        if (options.ScoreColumnName == options.PredictedLabelColumnName)
            yield return $"ScoreColumnName and PredictedLabelColumnName are both '{options.ScoreColumnName}'.";
    }

    private static IEnumerable<string> CommonProblems(ImageClassificationOptions options)
    {
        if (options.CropPadding < 0)
            yield return $"CropPadding is at least 0; it is {options.CropPadding}.";
        if (options.MaxPixels < 1)
            yield return $"MaxPixels is at least 1; it is {options.MaxPixels}.";
        if (!(options.MaxSkippedFraction is >= 0 and <= 1))
            yield return FormattableString.Invariant($"MaxSkippedFraction lies in [0, 1]; it is {options.MaxSkippedFraction}.");
        if (options.ScoringBatchSize < 1)
            yield return $"ScoringBatchSize is at least 1; it is {options.ScoringBatchSize}.";
        if (options.ValidationFraction is { } fraction && !(fraction is > 0 and < 1))
            yield return FormattableString.Invariant($"ValidationFraction lies between 0 and 1; it is {fraction}.");
        if (options is { ValidationFraction: not null, ValidationSet: not null })
            yield return "ValidationSet and ValidationFraction are both given; one is enough.";
        if (options is { EarlyStopping: not null, ValidationFraction: null, ValidationSet: null })
            yield return "EarlyStopping needs a ValidationSet or a ValidationFraction.";
        if (options.InitialWeights is { } weights && !File.Exists(weights))
            yield return $"InitialWeights names a file that is not there: '{weights}'.";
        if (options.MemoryBudget < 0)
            yield return $"MemoryBudget is at least 0; it is {options.MemoryBudget}.";
        if (options.CacheFolder is { Length: 0 })
            yield return "CacheFolder is empty.";
        if (options.ShuffleBufferSize < 1)
            yield return $"ShuffleBufferSize is at least 1; it is {options.ShuffleBufferSize}.";
        if (options.WorkspacePath is { Length: 0 })
            yield return "WorkspacePath is empty.";
        if (options.CheckpointEverySteps < 1)
            yield return $"CheckpointEverySteps is at least 1; it is {options.CheckpointEverySteps}.";
        if (options.CheckpointEvery < TimeSpan.Zero)
            yield return $"CheckpointEvery is at least 0; it is {options.CheckpointEvery}.";
        if (options.KeepCheckpoints < 1)
            yield return $"KeepCheckpoints is at least 1; it is {options.KeepCheckpoints}.";
        foreach (Enum value in (Enum[])[options.Resize, options.KeepWeights, options.OnUnreadableImage, options.OnCancellation, options.OnDivergence, options.Storage, options.TestTimeAugmentation])
        {
            if (!Enum.IsDefined(value.GetType(), value))
                yield return $"{value.GetType().Name} has no value {value}.";
        }
    }
}

/// <summary>The options that a trainer's overload without options stands for.</summary>
internal static class ShortOptions
{
    /// <summary>The trainer's own settings but for these. A warm-up takes at most a tenth of the epochs.</summary>
    public static TOptions Of<TOptions>(
        string labelColumnName, string imageColumnName, string scoreColumnName, string predictedLabelColumnName, string backbone, int epochs, IDataView? validationSet)
        where TOptions : ImageClassificationOptions, new()
    {
        ImageClassificationOptions own = new TOptions();
        return (TOptions)(own with
        {
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            ScoreColumnName = scoreColumnName,
            PredictedLabelColumnName = predictedLabelColumnName,
            Backbone = backbone,
            Epochs = epochs,
            WarmupEpochs = Math.Clamp(epochs / 10.0, 0, own.WarmupEpochs),
            ValidationSet = validationSet,
        });
    }
}
