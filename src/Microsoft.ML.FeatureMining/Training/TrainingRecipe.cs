using System.Globalization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Everything that decides how a network is trained. Immutable; every trainer turns its options into one of these, and the one engine runs it.</summary>
internal sealed record TrainingRecipe
{
    private const int MaxImagesPerStep = 1 << 24;
    private const int SchedulePoints = 1000;

    public required string Backbone { get; init; }

    /// <summary>A key of <see cref="HeadCatalog"/>; null is the head that the backbone's family comes with.</summary>
    public string? Head { get; init; }

    /// <summary>Whether a head with a branch for patches trains that one.</summary>
    public bool OnPatches { get; init; }

    /// <summary>What the network takes.</summary>
    public required ImageShape Input { get; init; }

    /// <summary>The share of each side that this is of the images of the sets; the rest is cut off, at random while training.</summary>
    public double CropRatio { get; init; } = 1;

    /// <summary>The shape of the images of the sets.</summary>
    public ImageShape Kept => new ImagePreprocessing { Shape = Input, CropRatio = CropRatio }.Uncropped().Shape;

    public int Epochs { get; init; } = 300;

    /// <summary>Images that go through the network at once.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Batches whose gradients are averaged before a step.</summary>
    public int GradientAccumulationSteps { get; init; } = 1;

    public int ImagesPerStep => BatchSize * GradientAccumulationSteps;

    public double LearningRate { get; init; } = 0.1;

    public double Momentum { get; init; } = 0.9;

    public bool Nesterov { get; init; } = true;

    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>The rule of a step; null is SGD with <see cref="Momentum"/> and <see cref="Nesterov"/>, which no other looks at.</summary>
    public Optimizer? Optimizer { get; init; }

    public Optimizer StepRule => Optimizer ?? new SgdOptimizer { Momentum = Momentum, Nesterov = Nesterov };

    /// <summary>Whether what has one dimension, biases and the scales and shifts of BatchNorm, goes without weight decay.</summary>
    public bool NoDecayOnNormAndBias { get; init; }

    public FineTuning FineTuning { get; init; } = new();

    /// <summary>The most that the L2 norm of a step's gradients, all together, may be; null does not limit it.</summary>
    public double? ClipGradientNorm { get; init; }

    /// <summary>The decay of the moving average of the weights that is validated and becomes the model; null averages nothing.</summary>
    public double? EmaDecay { get; init; }

    public LearningRateSchedule Schedule { get; init; } = new StepSchedule();

    /// <summary>Epochs, possibly a fraction, in which the rate rises linearly from 1e-3 of itself; the schedule runs over the rest.</summary>
    public double WarmupEpochs { get; init; }

    public double LabelSmoothing { get; init; }

    public IReadOnlyList<ImageAugmentation> Augmentations { get; init; } = [new PadCropFlip()];

    public IReadOnlyList<TrainingStrategy> Strategies { get; init; } = [];

    public EarlyStopping? EarlyStopping { get; init; }

    public KeepWeights KeepWeights { get; init; }

    public DivergenceBehavior OnDivergence { get; init; }

    public long Seed { get; init; }

    /// <summary>The file of the weights to begin with; null begins with drawn ones.</summary>
    public string? InitialWeights { get; init; }

    /// <summary>Images a batch while validating.</summary>
    public int ValidationBatchSize { get; init; } = 256;

    /// <summary>Steps between two reports; reading the loss waits for the device.</summary>
    public int ReportEverySteps { get; init; } = 10;

    /// <summary>What the network is trained on; null is cross entropy with <see cref="LabelSmoothing"/>.</summary>
    public ClassificationLoss? Loss { get; init; }

    public ClassificationLoss Criterion => Loss ?? new CrossEntropyLoss { LabelSmoothing = LabelSmoothing };

    /// <summary>All that is wrong with the recipe; empty where it can run.</summary>
    public IReadOnlyList<string> Problems() =>
    [
        .. NumberProblems(),
        .. StepRule.Problems(),
        .. Loss?.Problems() ?? [],
        .. ScheduleProblems(),
        .. Augmentations.SelectMany(augmentation => augmentation.Problems()),
        .. Head is { } head && HeadCatalog.Problem(head) is { } unknown ? [unknown] : Array.Empty<string>(),
        .. StageProblems(),
    ];

    private List<string> NumberProblems()
    {
        List<string> problems = [];
        Require(Epochs >= 1, $"Epochs is at least 1; it is {Epochs}.");
        Require(BatchSize >= 1, $"BatchSize is at least 1; it is {BatchSize}.");
        Require(GradientAccumulationSteps >= 1, $"GradientAccumulationSteps is at least 1; it is {GradientAccumulationSteps}.");
        Require((long)BatchSize * GradientAccumulationSteps <= MaxImagesPerStep, $"BatchSize times GradientAccumulationSteps is at most {MaxImagesPerStep}; it is {(long)BatchSize * GradientAccumulationSteps}.");
        Require(ValidationBatchSize >= 1, $"ValidationBatchSize is at least 1; it is {ValidationBatchSize}.");
        Require(ReportEverySteps >= 1, $"ReportEverySteps is at least 1; it is {ReportEverySteps}.");
        Require(LearningRate > 0 && double.IsFinite(LearningRate), $"LearningRate is above 0; it is {LearningRate}.");
        Require(WeightDecay >= 0 && double.IsFinite(WeightDecay), $"WeightDecay is at least 0; it is {WeightDecay}.");
        Require(ClipGradientNorm is null or (> 0 and < double.PositiveInfinity), $"ClipGradientNorm is above 0; it is {ClipGradientNorm}.");
        Require(EmaDecay is null or (> 0 and < 1), $"EmaDecay lies between 0 and 1; it is {EmaDecay}.");
        Require(WarmupEpochs >= 0 && (Epochs < 1 || WarmupEpochs < Epochs), $"WarmupEpochs lies between 0 and Epochs; it is {WarmupEpochs}.");
        Require(LabelSmoothing is >= 0 and < 1, $"LabelSmoothing lies in [0, 1); it is {LabelSmoothing}.");
        Require(Input.Channels >= 1 && Input.Height >= 1 && Input.Width >= 1, $"The images' shape is at least 1x1x1; it is {Input}.");
        Require(CropRatio is >= ImagePreprocessing.MinCropRatio and <= 1, $"CropRatio lies between {ImagePreprocessing.MinCropRatio} and 1; it is {CropRatio}.");
        Require(CropRatio == 1 || Augmentations.Any(augmentation => augmentation.Crops), "CropRatio is not 1, and nothing crops the images.");
        Require(EarlyStopping is not { Patience: < 1 }, "Patience of early stopping is at least 1.");
        Require(EarlyStopping is not { MinDelta: < 0 }, "MinDelta of early stopping is at least 0.");
        Require(Loss is null || LabelSmoothing == 0, "LabelSmoothing is that of cross entropy; another Loss has its own, or none.");
        return problems;

        void Require(bool holds, string problem)
        {
            if (!holds)
            {
                problems.Add(problem);
            }
        }
    }

    // The whole course, so that a schedule that ends in NaN does not take the run with it.
    private string[] ScheduleProblems()
    {
        string[] problems = [.. Schedule.Problems()];
        if (problems.Length > 0)
        {
            return problems;
        }

        double? wrong = Enumerable.Range(0, SchedulePoints).Select(i => (double?)i / SchedulePoints).FirstOrDefault(progress => !(Schedule.Factor(progress!.Value) is >= 0 and < double.PositiveInfinity));
        return wrong is { } at ? [$"Factor of the learning rate schedule '{Schedule.Key}' is at least 0 and finite; at {at} of the run it is {Schedule.Factor(at)}."] : [];
    }

    private IEnumerable<string> StageProblems()
    {
        if (BackboneCatalog.Problem(Backbone, Input.Channels) is { } problem)
        {
            return [problem];
        }

        int stages = BackboneCatalog.StageCount(Backbone, Input.Channels);
        return
        [
            .. FineTuning.Problems(Backbone, stages),
            .. Strategies.SelectMany(strategy => strategy.Problems(stages)),
            .. Strategies.GroupBy(strategy => strategy.Key).Where(group => group.Count() > 1).Select(group => $"The strategy '{group.Key}' is given {group.Count()} times; once is all it takes."),
            .. CompositionRules.Problems(Strategies),
        ];
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
