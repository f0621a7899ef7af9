using System.ComponentModel.DataAnnotations;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// How a network is trained: the settings that all trainers share, each declared, documented and bounded here alone. Trainers' options derive from it, and so does the recipe that the engine runs.
/// </summary>
/// <remarks>An attribute <c>[Range]</c> of System.ComponentModel.DataAnnotations says what a setting may be; those of Microsoft.ML.SearchSpace say what a sweep tries.</remarks>
public abstract record TrainingOptions
{
    internal const int MaxImagesPerStep = 1 << 24;

    private protected TrainingOptions()
    {
    }

    /// <summary>The network, a key of <see cref="Networks.BackboneCatalog"/>.</summary>
    /// <value>The trainer's own.</value>
    [Required]
    public string Backbone { get; init; } = "cifar-resnet-56";

    /// <summary>What turns the features of the last stage into scores: one of <see cref="HeadCatalog"/>, or your own.</summary>
    /// <value>null: the head that the backbone's family comes with.</value>
    public Head? Head { get; init; }

    /// <summary>
    /// A file of initial weights in safetensors: torchvision's, timm's or an exported model's weights of the same backbone, under their names. A classifier for another number of
    /// classes is initialized anew. The log lists what was loaded, skipped and initialized.
    /// </summary>
    /// <value>null: weights are drawn, and the network is trained from scratch.</value>
    public string? InitialWeights { get; init; }

    /// <summary>What the network is trained on.</summary>
    /// <value><see cref="CrossEntropyLoss"/>, without label smoothing.</value>
    [Required]
    public ClassificationLoss Loss { get; init; } = new CrossEntropyLoss();

    /// <summary>More strategies, besides those of the trainer itself.</summary>
    /// <value>None.</value>
    [Required]
    public IReadOnlyList<TrainingStrategy> Strategies { get; init; } = [];

    /// <summary>More changes of the training images, in this order, after the trainer's own crop and flip.</summary>
    /// <value>None.</value>
    [Required]
    public IReadOnlyList<ImageAugmentation> Augmentations { get; init; } = [];

    /// <summary>
    /// The fraction of each side of a resized image that the network sees, from 0.5 to 1: its center, and while training a crop at a random place, or of a random size if
    /// <see cref="Augmentations"/> have a <see cref="RandomResizedCrop"/>. 0.875 resizes images to 256 pixels for a network of 224 (timm's <c>crop_pct</c>). Planar floats are not resized, and seen whole.
    /// </summary>
    /// <value>1, unless the trainer has its own.</value>
    [Range(ImagePreprocessing.MinCropRatio, 1.0)]
    public double CropRatio { get; init; } = 1;

    /// <summary>Passes over the training rows.</summary>
    /// <value>300.</value>
    [Range(1, int.MaxValue)]
    [SearchRange(10, 300, 100, true)]
    public int Epochs { get; init; } = 300;

    /// <summary>Images that go through the network at once.</summary>
    /// <value>128.</value>
    [Range(1, MaxImagesPerStep)]
    [Choice(new object[] { 32, 64, 128, 256 }, 128)]
    public int BatchSize { get; init; } = 128;

    /// <summary>Batches whose gradients are averaged before a step, so that a step sees as many times <see cref="BatchSize"/> images (timm's <c>grad-accum-steps</c>, Lightning's
    /// <c>accumulate_grad_batches</c>). BatchNorm sees one batch at a time; strategies mix over all images of a step.</summary>
    /// <value>1.</value>
    [Range(1, MaxImagesPerStep)]
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>The base learning rate; the usual one depends on the <see cref="Optimizer"/>.</summary>
    /// <value>0.1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    [SearchRange(1e-3, 1.0, 0.1, true)]
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Weight decay: added to the gradient as decay * w; AdamW applies it apart from the gradient.</summary>
    /// <value>1e-4.</value>
    [Range(0.0, double.MaxValue)]
    [SearchRange(1e-6, 1e-2, 1e-4, true)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Whether biases, and the scales and shifts of BatchNorm, are excluded from weight decay: all parameters of one dimension, as in timm.</summary>
    /// <value>false.</value>
    [BooleanChoice(false)]
    public bool NoDecayOnNormAndBias { get; init; }

    /// <summary>The rule by which a step moves the weights.</summary>
    /// <value><see cref="SgdOptimizer"/>: momentum 0.9, Nesterov.</value>
    [Required]
    public Optimizer Optimizer { get; init; } = new SgdOptimizer();

    /// <summary>Clips gradients by their global L2 norm at this value.</summary>
    /// <value>null: no clipping.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double? ClipGradientNorm { get; init; }

    /// <summary>The decay of an exponential moving average (EMA) of weights and running statistics over the steps, a = decay * a + (1 - decay) * w; 0.999 averages about a thousand steps. The average is
    /// validated and becomes the model; training goes on with the weights themselves (timm's ModelEmaV2).</summary>
    /// <value>null: no average.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? EmaDecay { get; init; }

    /// <summary>How the <see cref="InitialWeights"/> are fine-tuned: frozen stages, a lower learning rate for the backbone, frozen BatchNorm.</summary>
    /// <value>All is trained, at one rate.</value>
    [Required]
    public FineTuning FineTuning { get; init; } = new();

    /// <summary>The learning rate over the run.</summary>
    /// <value><see cref="StepSchedule"/>: multiplied by 0.1 at one half and three quarters of the epochs, as in the Feature Mining paper.</value>
    [Required]
    public LearningRateSchedule Schedule { get; init; } = new StepSchedule();

    /// <summary>Epochs, possibly a fraction, in which the rate rises linearly from 1e-3 of its base to its base; the schedule runs over the rest. Below <see cref="Epochs"/>.</summary>
    /// <value>0.</value>
    [Range(0.0, double.MaxValue)]
    public double WarmupEpochs { get; init; }

    /// <summary>When to stop before the last epoch; needs validation rows.</summary>
    /// <value>null: never.</value>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>Which weights become the model.</summary>
    /// <value><see cref="KeepWeights.Best"/>.</value>
    public KeepWeights KeepWeights { get; init; }

    /// <summary>What happens when the loss or the weights become NaN or infinite.</summary>
    /// <value><see cref="DivergenceBehavior.Throw"/>.</value>
    public DivergenceBehavior OnDivergence { get; init; }

    /// <summary>Images scored at once, in validation and by the model's Transform, which reads as many rows ahead. The last bits of a score depend on the batch that its image is in.</summary>
    /// <value>64.</value>
    [Range(1, int.MaxValue)]
    public int ScoringBatchSize { get; init; } = 64;
}

/// <summary>Which of the initial weights are frozen, and how fast the backbone learns.</summary>
public sealed record FineTuning
{
    /// <summary>
    /// Freezes the stem and the first N stages, including running statistics; at most all stages of the backbone, which trains the head alone.
    /// </summary>
    /// <value>0: nothing is frozen.</value>
    [Range(0, int.MaxValue)]
    public int FrozenStages { get; init; }

    /// <summary>The backbone's learning rate divided by that of the head.</summary>
    /// <value>1.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double BackboneLearningRateFactor { get; init; } = 1;

    /// <summary>Whether every BatchNorm of the backbone keeps its running statistics and normalizes by them (evaluation mode). Scales and shifts are trained.</summary>
    /// <value>false.</value>
    public bool FreezeBatchNorm { get; init; }
}

/// <summary>Ends a run when the validation accuracy has not risen for a while.</summary>
public sealed record EarlyStopping
{
    /// <summary>Epochs without a rise before the run ends, at least 1.</summary>
    /// <value>20.</value>
    [Range(1, int.MaxValue)]
    public int Patience { get; init; } = 20;

    /// <summary>The smallest rise in accuracy that counts (0.01 is one percentage point).</summary>
    /// <value>0: any rise.</value>
    [Range(0.0, double.MaxValue)]
    public double MinDelta { get; init; }
}

/// <summary>Which weights of a run become the model.</summary>
public enum KeepWeights
{
    /// <summary>Those of the epoch with the highest validation accuracy, the first of equals; the last epoch's where there is no validation set.</summary>
    Best,

    /// <summary>Those of the last epoch.</summary>
    Last,
}

/// <summary>What happens when the loss or the weights become NaN or infinite.</summary>
public enum DivergenceBehavior
{
    /// <summary>Fit throws <see cref="TrainingDivergedException"/>.</summary>
    Throw,

    /// <summary>
    /// Returns to the last checkpoint, or to the end of the last epoch if there is none, and continues with half the learning rate; Fit throws after the fifth time.
    /// </summary>
    RollBack,
}
