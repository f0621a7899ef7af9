using System.Globalization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What the engine runs: a trainer's options, and what Fit adds to them. Immutable.</summary>
internal sealed record TrainingRecipe : TrainingOptions
{
    private const int SchedulePoints = 1000;

    public TrainingRecipe()
    {
    }

    /// <summary>A recipe with those settings.</summary>
    public TrainingRecipe(TrainingOptions options)
        : base(options)
    {
    }

    /// <summary>Whether a head with a branch for patches trains that one.</summary>
    public bool OnPatches { get; init; }

    /// <summary>The shape of the network's input.</summary>
    public required ImageShape Input { get; init; }

    public long Seed { get; init; }

    /// <summary>Steps between two reports; reading the loss waits for the device.</summary>
    [Range(1, int.MaxValue)]
    public int ReportEverySteps { get; init; } = 10;

    /// <summary>The shape of the images of the sets: larger than <see cref="Input"/> if <see cref="TrainingOptions.CropRatio"/> is below 1.</summary>
    internal ImageShape Kept => new ImagePreprocessing { Shape = Input, CropRatio = CropRatio }.Uncropped().Shape;

    internal int ImagesPerStep => BatchSize * GradientAccumulationSteps;

    /// <summary>All that is wrong with the recipe; empty if it can run.</summary>
    public IReadOnlyList<string> Problems() => HasNulls ? [.. SettingsValidator.Problems(this)] :
    [
        .. SettingsValidator.Problems(this),
        .. RuleProblems(),
        .. PartProblems(),
        .. BackboneCatalog.Problem(Backbone, Input.Channels) is { } problem ? [problem] : NetworkProblems(BackboneCatalog.StageChannels(Backbone, Input.Channels)),
    ];

    // A user's code may be without nullable annotations.
    private bool HasNulls => new object?[] { Backbone, Loss, Optimizer, FineTuning, Schedule, Strategies, Augmentations }.Contains(null) || Strategies.Contains(null!) || Augmentations.Contains(null!);

    // Rules that concern several settings.
    private IEnumerable<string> RuleProblems()
    {
        if (Input.Channels < 1 || Input.Height < 1 || Input.Width < 1)
        {
            yield return $"The images' shape must be at least 1x1x1; it is {Input}.";
        }

        if ((long)BatchSize * GradientAccumulationSteps > MaxImagesPerStep)
        {
            yield return $"BatchSize times GradientAccumulationSteps must be at most {MaxImagesPerStep}; it is {(long)BatchSize * GradientAccumulationSteps}.";
        }

        if (Epochs >= 1 && WarmupEpochs >= Epochs)
        {
            yield return $"WarmupEpochs must be below Epochs, {Epochs}; it is {WarmupEpochs}.";
        }

        if (CropRatio != 1 && !Augmentations.Any(augmentation => augmentation.Crops))
        {
            yield return "CropRatio is below 1, and no augmentation crops the images.";
        }
    }

    private IEnumerable<string> PartProblems()
    {
        IEnumerable<string?> keys =
        [
            OptimizerCatalog.Problem(Optimizer), LossCatalog.Problem(Loss), ScheduleCatalog.Problem(Schedule), Head is null ? null : HeadCatalog.Problem(Head),
            .. Augmentations.Select(AugmentationCatalog.Problem), .. Strategies.Select(StrategyCatalog.Problem),
        ];
        return
        [
            .. keys.OfType<string>(), .. Optimizer.Problems(), .. Loss.Problems(), .. ScheduleProblems(), .. Augmentations.SelectMany(augmentation => augmentation.Problems()),
            .. Strategies.GroupBy(strategy => strategy.Key).Where(group => group.Count() > 1).Select(group => $"Strategies have '{group.Key}' {group.Count()} times; once is enough."),
            .. CompositionRules.Problems(Strategies),
        ];
    }

    // The whole run, so that a schedule that ends in NaN is found before it.
    private string[] ScheduleProblems()
    {
        string[] problems = [.. Schedule.Problems()];
        if (problems.Length > 0)
        {
            return problems;
        }

        double? wrong = Enumerable.Range(0, SchedulePoints).Select(i => (double?)i / SchedulePoints).FirstOrDefault(progress => !(Schedule.Factor(progress!.Value) is >= 0 and < double.PositiveInfinity));
        return wrong is { } at ? [$"Factor of the learning rate schedule '{Schedule.Key}' must be at least 0 and finite; at {at} of the run it is {Schedule.Factor(at)}."] : [];
    }

    private IEnumerable<string> NetworkProblems(IReadOnlyList<int> stageChannels)
    {
        if (FineTuning.FrozenStages > stageChannels.Count)
        {
            yield return $"FrozenStages of FineTuning must be at most {stageChannels.Count}, the stages of '{Backbone}'; it is {FineTuning.FrozenStages}.";
        }

        foreach (string problem in (Head?.Problems(stageChannels[^1]) ?? []).Concat(Strategies.SelectMany(strategy => strategy.Problems(stageChannels.Count))))
        {
            yield return problem;
        }
    }
}

/// <summary>Which strategies cannot go together, and why: a table over their traits, so that a strategy of the user's own is judged by the same rules.</summary>
internal static class CompositionRules
{
    private static readonly (StrategyTraits One, StrategyTraits Other, string Reason)[] Rules =
    [
        (StrategyTraits.MixesImages, StrategyTraits.NeedsWholeImages,
            "The strategy '{0}' blends images of different classes, and '{1}' compares images of one class, which blended ones no longer are; leave one of the two out."),
        (StrategyTraits.OrdersImages, StrategyTraits.OrdersImages,
            "The strategies '{0}' and '{1}' both decide in which order images come, and there is one order; leave one of the two out."),
    ];

    // A rule between two equal traits would name each pair twice.
    public static IEnumerable<string> Problems(IReadOnlyList<TrainingStrategy> strategies) =>
        from i in Enumerable.Range(0, strategies.Count)
        from j in Enumerable.Range(0, strategies.Count)
        from rule in Rules
        where i != j && (rule.One != rule.Other || i < j)
        where strategies[i].Traits.HasFlag(rule.One) && strategies[j].Traits.HasFlag(rule.Other)
        select string.Format(CultureInfo.InvariantCulture, rule.Reason, strategies[i].Key, strategies[j].Key);
}
