using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Detection.Data;
using Microsoft.ML.FeatureMining.Detection.MlNet;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining;

/// <summary>The settings of <see cref="RetinaNetTrainer"/>. The defaults fine-tune a pretrained ResNet-18; docs/object-detection.md has better
/// ones for a few hundred images.</summary>
/// <remarks>
/// Head, Loss, ClassWeighting, Sampling, Strategies, ProgressiveResizing and FitHead of FineTuning are for classifiers: RetinaNet has its own heads and its own
/// loss, and setting one of them is an error. InitialWeights may be those of a classifier, for the backbone; or a detector saved by this library (.zip), from
/// which everything is loaded except for the classes that it does not have.
/// </remarks>
public sealed record RetinaNetOptions : ImageTrainerOptions
{
    private const int MinSize = 64;
    private const int MaxSize = 4096;

    // These change pixels, but move none.
    private static readonly Type[] PixelAugmentations = [typeof(ColorJitter), typeof(Cutout), typeof(GridMask), typeof(RandomErasing)];

    /// <summary>The default settings.</summary>
    public RetinaNetOptions()
    {
        InitialWeights = PretrainedWeights.ResNet18;
        Epochs = 50;
        BatchSize = 8;
        Optimizer = new AdamWOptimizer();
        LearningRate = 3e-4;
        WeightDecay = 0.05;
        NoDecayOnNormAndBias = true;
        ClipGradientNorm = 10;
        Schedule = new CosineSchedule();
        WarmupEpochs = 1;
        // Pyramid and heads start from random weights, the backbone does not.
        FineTuning = new FineTuning { FreezeBatchNorm = true, BackboneLearningRateFactor = 0.3 };
        ScoringBatchSize = 8;
    }

    /// <summary>
    /// The column of boxes: for each object x0, y0, x1, y1, in pixels of the upright image (after its EXIF orientation is applied), from its upper left corner.
    /// x1 and y1 are exclusive edges: a box of one pixel has x1 = x0 + 1. A vector of floats. Boxes are clipped to the image.
    /// </summary>
    /// <value>BoundingBoxes.</value>
    [Required]
    public string BoundingBoxColumnName { get; init; } = "BoundingBoxes";

    /// <summary>Output: the boxes of the objects found, in the same form.</summary>
    /// <value>PredictedBoundingBoxes.</value>
    [Required]
    public string PredictedBoundingBoxColumnName { get; init; } = "PredictedBoundingBoxes";

    /// <summary>
    /// Height and width of the network's input in pixels, a multiple of 32. The longer side of an image is resized to it; the rest is filled with gray.
    /// </summary>
    /// <value>512.</value>
    [Range(MinSize, MaxSize)]
    [Choice(new object[] { 320, 416, 512, 640 }, 512)]
    public int ImageSize { get; init; } = 512;

    /// <summary>The network, its anchors, its loss, and the thresholds of its detections.</summary>
    /// <value>Those of torchvision's RetinaNet, except SmoothL1Beta.</value>
    [Required]
    public RetinaNetSettings Network { get; init; } = new();

    /// <summary>The smallest factor by which a training image is resized at random, with its boxes. A smaller image is placed at a random position.</summary>
    /// <value>0.8.</value>
    [Range(0.1, 1.0)]
    public double MinScale { get; init; } = 0.8;

    /// <summary>The largest factor. A larger image is cropped at a random position; objects whose center is outside are dropped.</summary>
    /// <value>1.25.</value>
    [Range(1.0, 10.0)]
    public double MaxScale { get; init; } = 1.25;

    internal override WantedInput WantedInput => new(ImageSize, ImageSize, 1, 3);

    internal override PaperInput PublishedInput => new("resnet-50", ImageSize, ImageNetNormalization: true);

    internal override ImagePreprocessing ToPreprocessing() => new() { Shape = new ImageShape(3, ImageSize, ImageSize), Letterbox = true };

    internal override TrainingRecipe ToRecipe(ImageShape input, long seed)
    {
        InputSettings settings = InputSettings.Of(this);
        return new TrainingRecipe(this)
        {
            Backbone = settings.Backbone,
            Normalization = settings.Normalization(PixelType.Byte),
            Input = input,
            Seed = seed,
            Task = new DetectionRecipe(Network, HorizontalFlip, MinScale, MaxScale),
        };
    }

    internal override WeightSource FindWeights(string name) => DetectorWeights.Find(name)?.Source ?? base.FindWeights(name);

    internal override LabelColumn BindLabel(IDataView rows) => ObjectLabelColumn.Bind(rows, LabelColumnName, BoundingBoxColumnName);

    internal override IEnumerable<string> TrainerProblems()
    {
        foreach (string problem in base.TrainerProblems().Concat(Network?.Problems() ?? []))
        {
            yield return problem;
        }

        if (ImageSize % AnchorGrid.Stride != 0)
        {
            yield return FormattableString.Invariant($"ImageSize must be a multiple of {AnchorGrid.Stride}; it is {ImageSize}.");
        }

        if (new[] { ScoreColumnName, PredictedLabelColumnName }.Contains(PredictedBoundingBoxColumnName))
        {
            yield return $"PredictedBoundingBoxColumnName is '{PredictedBoundingBoxColumnName}', as another output column; they must differ.";
        }

        if (InitialWeights is null && FineTuning is { FreezeBatchNorm: true })
        {
            yield return "FreezeBatchNorm of FineTuning needs InitialWeights: untrained BatchNorm has no statistics to normalize by. Set FreezeBatchNorm to false "
                + "to train from scratch.";
        }

        if (Network is not null && !AllowPartialWeights && DetectorProblem(Network) is { } detector)
        {
            yield return detector;
        }

        foreach (string name in Unused())
        {
            yield return $"{name} is for classifiers and does not apply to RetinaNet; leave it at its default.";
        }

        foreach (ImageAugmentation augmentation in Augmentations?.Where(one => !PixelAugmentations.Contains(one?.GetType())) ?? [])
        {
            yield return $"The augmentation '{augmentation?.Key}' may move pixels, and boxes would not move with them. Use "
                + $"{string.Join(", ", PixelAugmentations.Select(type => type.Name))}; flips and scales are HorizontalFlip, MinScale and MaxScale.";
        }
    }

    // Weights that cannot be read are a problem of InputSettings.
    private string? DetectorProblem(RetinaNetSettings network) =>
        InitialWeights is { Length: > 0 } name && WeightSource.Try(() => FindWeights(name), out _) is not null
            ? DetectorWeights.Find(name)?.Problem(InputSettings.Of(this).Backbone, network)
            : null;

    private IEnumerable<string> Unused() =>
        new (string Name, bool IsSet)[]
        {
            (nameof(Head), Head is not null),
            (nameof(Loss), Loss != new CrossEntropyLoss()),
            (nameof(ClassWeighting), ClassWeighting != ClassWeighting.None),
            (nameof(EffectiveNumberBeta), EffectiveNumberBeta != new RetinaNetOptions().EffectiveNumberBeta),
            (nameof(Sampling), Sampling != Sampling.Shuffled),
            (nameof(Strategies), Strategies is { Count: > 0 }),
            (nameof(ProgressiveResizing), ProgressiveResizing != new ProgressiveResizing()),
            ("FitHead of FineTuning", FineTuning is { FitHead: true } or { FitHeadMirrored: true }),
        }
            .Where(setting => setting.IsSet)
            .Select(setting => setting.Name);
}
