using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The input of the training engine: a trainer's options, and what Fit adds to them. Immutable.</summary>
internal sealed record TrainingRecipe : TrainingOptions
{
    private const int SchedulePoints = 1000;

    public TrainingRecipe() { }

    /// <summary>Creates a recipe with those settings.</summary>
    public TrainingRecipe(TrainingOptions options)
        : base(options) { }

    /// <summary>The network, a key of <see cref="BackboneCatalog"/>.</summary>
    [Required]
    public string Backbone { get; init; } = "cifar-resnet-56";

    /// <summary>The fraction of each side of a resized image that the network sees.</summary>
    [Range(ImagePreprocessing.MinCropRatio, 1.0)]
    public double CropRatio { get; init; } = 1;

    /// <summary>The mean and standard deviation that normalize the network's input; null for those of the training images.</summary>
    public ChannelStatistics? Normalization { get; init; }

    /// <summary>Whether a head with a branch for patches trains that branch.</summary>
    public bool OnPatches { get; init; }

    /// <summary>
    /// The epochs of the phase before this one, if a method trains in two phases. Warm-up and schedule count the epochs of both, and the optimizer continues
    /// with the state of the first phase.
    /// </summary>
    public int EpochsBefore { get; init; }

    /// <summary>The epochs of the phase after this one.</summary>
    public int EpochsAfter { get; init; }

    /// <summary>The shape of the network's input.</summary>
    public required ImageShape Input { get; init; }

    public long Seed { get; init; }

    /// <summary>The settings of another task than classification, such as object detection: an immutable record. null for classification.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public object? Task { get; init; }

    /// <summary>The number of steps between two reports; each report waits for the device.</summary>
    [Range(1, int.MaxValue)]
    public int ReportEverySteps { get; init; } = 10;

    /// <summary>The shape of the images in the image sets: larger than <see cref="Input"/> if <see cref="CropRatio"/> is below 1.</summary>
    internal ImageShape StoredShape =>
        new ImagePreprocessing { Shape = Input, CropRatio = CropRatio }
            .Uncropped()
            .Shape;

    /// <summary>The shape of the training images in an epoch (from 0); smaller than <see cref="Input"/> with progressive resizing.</summary>
    internal ImageShape InputAt(int epoch) => ProgressiveResizing.ShapeAt(Input, epoch, Epochs);

    internal int AllEpochs => EpochsBefore + Epochs + EpochsAfter;

    internal int ImagesPerStep => BatchSize * GradientAccumulationSteps;

    /// <summary>Lists all problems of the recipe; empty if it can run.</summary>
    public IReadOnlyList<string> Problems() =>
        HasNulls
            ? [.. SettingsValidator.Problems(this)]
            :
            [
                .. SettingsValidator.Problems(this),
                .. RuleProblems(),
                .. PartProblems(),
                .. BackboneCatalog.Problem(Backbone, Input.Channels) is { } problem
                    ? [problem]
                    : NetworkProblems(BackboneCatalog.Facts(Backbone, Input.Channels)),
            ];

    // User code may be compiled without nullable annotations.
    private bool HasNulls =>
        new object?[] { Backbone, Loss, Optimizer, FineTuning, ProgressiveResizing, Schedule, Strategies, Augmentations }.Contains(null)
        || Strategies.Contains(null!)
        || Augmentations.Contains(null!);

    // Rules across several settings.
    private IEnumerable<string> RuleProblems()
    {
        if (Input.Channels < 1 || Input.Height < 1 || Input.Width < 1)
        {
            yield return $"The image shape must be at least 1x1x1; it is {Input}.";
        }

        if ((long)BatchSize * GradientAccumulationSteps > MaxImagesPerStep)
        {
            yield return $"BatchSize times GradientAccumulationSteps must be at most {MaxImagesPerStep}; it is {(long)BatchSize * GradientAccumulationSteps}.";
        }

        if (Epochs == 0 && !FineTuning.FitHead)
        {
            yield return "Epochs must be at least 1; 0 is only possible if FitHead of FineTuning is true.";
        }

        if (Epochs >= 1 && WarmupEpochs >= AllEpochs)
        {
            yield return FormattableString.Invariant($"WarmupEpochs must be below Epochs, {AllEpochs}; it is {WarmupEpochs}.");
        }

        if (CropRatio != 1 && !Augmentations.Any(augmentation => augmentation.Crops))
        {
            yield return "CropRatio is below 1, but no augmentation crops the images. Add RandomCrop or RandomResizedCrop.";
        }

        foreach (string problem in ProgressiveResizing.Problems(Input).Concat(ClassBalance.Problems(this)))
        {
            yield return problem;
        }
    }

    private IEnumerable<string> PartProblems()
    {
        IEnumerable<string?> keys =
        [
            OptimizerCatalog.Problem(Optimizer),
            LossCatalog.Problem(Loss),
            ScheduleCatalog.Problem(Schedule),
            Head is null ? null : HeadCatalog.Problem(Head),
            .. Augmentations.Select(AugmentationCatalog.Problem),
            .. Strategies.Select(StrategyCatalog.Problem),
        ];
        return
        [
            .. keys.OfType<string>(),
            .. Optimizer.Problems(),
            .. Loss.Problems(),
            .. ScheduleProblems(),
            .. Augmentations.SelectMany(augmentation => augmentation.Problems()),
            .. Strategies
                .GroupBy(strategy => strategy.Key)
                .Where(group => group.Count() > 1)
                .Select(group => $"Strategies contain '{group.Key}' {group.Count()} times; use each strategy once."),
            .. CompositionRules.Problems(Strategies),
        ];
    }

    // Samples the whole run, so that a schedule that becomes NaN is found before training.
    private string[] ScheduleProblems()
    {
        string[] problems = [.. Schedule.Problems()];
        if (problems.Length > 0)
        {
            return problems;
        }

        double? wrong = Enumerable
            .Range(0, SchedulePoints)
            .Select(i => (double?)i / SchedulePoints)
            .FirstOrDefault(progress => !(Schedule.Factor(progress!.Value) is >= 0 and < double.PositiveInfinity));
        return wrong is { } at
            ?
            [
                FormattableString.Invariant(
                    $"The factor of the learning rate schedule '{Schedule.Key}' must be at least 0 and finite; at progress {at} it is {Schedule.Factor(at)}."
                ),
            ]
            : [];
    }

    private IEnumerable<string> NetworkProblems(BackboneFacts network)
    {
        IReadOnlyList<int> stageChannels = network.StageChannels;
        Head head = Head ?? network.DefaultHead;
        if (FineTuning.FitHead && !head.IsLinear)
        {
            yield return $"FitHead of FineTuning needs a LinearHead or a MultiStageHead; the head is '{head.Key}'.";
        }

        if (ProgressiveResizing.StartFraction < 1 && !head.PoolsGlobally)
        {
            yield return $"ProgressiveResizing needs a head that pools over all positions, but the head '{head.Key}' has weights for each position. "
                + "Set StartFraction of ProgressiveResizing to 1, or use another head.";
        }

        if (Math.Min(Input.Height, Input.Width) < network.LeastSide)
        {
            yield return FormattableString.Invariant(
                $"The backbone '{Backbone}' needs images of at least {network.LeastSide}x{network.LeastSide} pixels; ImageHeight x ImageWidth is "
            ) + FormattableString.Invariant($"{Input.Height}x{Input.Width}.");
        }

        if (!Input.IsInRange)
        {
            yield return FormattableString.Invariant(
                $"The input {Input} is too large: a side may have at most {ImageShape.MaxSide} pixels, and all channels together {ImageShape.MaxLength} values."
            );
        }

        if (FineTuning.FrozenStages > stageChannels.Count)
        {
            yield return $"FrozenStages of FineTuning must be at most {stageChannels.Count}, the number of stages of '{Backbone}'; "
                + $"it is {FineTuning.FrozenStages}.";
        }

        if (!head.PoolsLastStage)
        {
            foreach (TrainingStrategy strategy in Strategies.Where(strategy => strategy.Traits.HasFlag(StrategyTraits.NeedsPooledEmbedding)))
            {
                yield return $"The strategy '{strategy.Key}' needs a head that averages the features of the last stage over all positions, and '{head.Key}' does not. "
                    + "Use another head, such as LinearHead, or remove the strategy.";
            }
        }

        foreach (string problem in (Head?.Problems(stageChannels) ?? []).Concat(Strategies.SelectMany(strategy => strategy.Problems(stageChannels.Count))))
        {
            yield return problem;
        }
    }
}

/// <summary>The combinations of strategies that are not allowed, and why. The rules use traits, so that they also apply to custom strategies.</summary>
internal static class CompositionRules
{
    private static readonly (StrategyTraits One, StrategyTraits Other, string Reason)[] Rules =
    [
        (
            StrategyTraits.MixesImages,
            StrategyTraits.NeedsWholeImages,
            "The strategy '{0}' mixes images of different classes, but '{1}' needs images of a single class. Remove one of them."
        ),
        (StrategyTraits.OrdersImages, StrategyTraits.OrdersImages, "The strategies '{0}' and '{1}' both set the order of the images. Remove one of them."),
    ];

    // A rule between two equal traits must not report each pair twice.
    public static IEnumerable<string> Problems(IReadOnlyList<TrainingStrategy> strategies) =>
        from i in Enumerable.Range(0, strategies.Count)
        from j in Enumerable.Range(0, strategies.Count)
        from rule in Rules
        where i != j && (rule.One != rule.Other || i < j)
        where strategies[i].Traits.HasFlag(rule.One) && strategies[j].Traits.HasFlag(rule.Other)
        select string.Format(CultureInfo.InvariantCulture, rule.Reason, strategies[i].Key, strategies[j].Key);
}
