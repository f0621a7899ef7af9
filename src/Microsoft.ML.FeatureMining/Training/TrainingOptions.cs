using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// The settings that all trainers share. Each setting is declared, documented and given its range here only; the options of trainers and the recipe of the
/// engine derive from this class.
/// </summary>
/// <remarks>
/// The attribute <c>[Range]</c> of System.ComponentModel.DataAnnotations gives the valid values of a setting; the attributes of Microsoft.ML.SearchSpace give
/// the values that a sweep tries.
/// </remarks>
public abstract record TrainingOptions
{
    internal const int MaxImagesPerStep = 1 << 24;

    private protected TrainingOptions() { }

    /// <summary>The head, which computes scores from the features of the last stage, or of several: one of <see cref="HeadCatalog"/>, or your own.</summary>
    /// <value>null: the default head of the backbone's family.</value>
    public Head? Head { get; init; }

    /// <summary>
    /// Initial weights: a name of <see cref="Models.PretrainedWeights"/>; another model of the Hugging Face Hub (timm/model, hf://owner/model) that
    /// <see cref="Models.PretrainedWeights.Download"/> has downloaded; or the path of a safetensors file, a PyTorch state_dict (.pth, .pt), a model saved by
    /// this library (.zip), the folder of an exported model, or a folder with config.json and model.safetensors. Files have the tensor names of torchvision,
    /// timm or this library. Unless <see cref="AllowPartialWeights"/> is set, only the classifier may differ: if it has another number of classes, it is
    /// initialized randomly. The log lists which tensors were loaded, skipped and initialized.
    /// </summary>
    /// <value>null: random initial weights (training from scratch).</value>
    [MinLength(1)]
    public string? InitialWeights { get; init; }

    /// <summary>
    /// Whether <see cref="InitialWeights"/> may fit only a part of the backbone, such as those of a network with another stem. What fits is loaded, if that is
    /// at least half of the kernels; the log lists the rest. If false, a tensor of the backbone that is missing or left over is an error.
    /// </summary>
    /// <value>false.</value>
    public bool AllowPartialWeights { get; init; }

    /// <summary>The loss function.</summary>
    /// <value><see cref="CrossEntropyLoss"/>, without label smoothing.</value>
    [Required]
    public ClassificationLoss Loss { get; init; } = new CrossEntropyLoss();

    /// <summary>Class weights computed from the training labels, for sets with classes of different sizes. Needs <see cref="CrossEntropyLoss"/>.</summary>
    /// <value><see cref="ClassWeighting.None"/>.</value>
    public ClassWeighting ClassWeighting { get; init; }

    /// <summary>
    /// The b of <see cref="ClassWeighting.EffectiveNumber"/>, at least 0 and below 1: 0 gives equal weights; the nearer to 1, the nearer to
    /// <see cref="ClassWeighting.Balanced"/>.
    /// </summary>
    /// <value>0.999.</value>
    [Range(0.0, 1.0, MaximumIsExclusive = true)]
    public double EffectiveNumberBeta { get; init; } = 0.999;

    /// <summary>Which training images an epoch consists of: each once, or equally many of each class.</summary>
    /// <value><see cref="Sampling.Shuffled"/>.</value>
    public Sampling Sampling { get; init; }

    /// <summary>Additional strategies, besides those of the trainer itself.</summary>
    /// <value>None.</value>
    [Required]
    public IReadOnlyList<TrainingStrategy> Strategies { get; init; } = [];

    /// <summary>Additional augmentations of training images, applied in this order after the trainer's own crop and flip.</summary>
    /// <value>None.</value>
    [Required]
    public IReadOnlyList<ImageAugmentation> Augmentations { get; init; } = [];

    /// <summary>The number of passes over the training rows; 0 is possible with <see cref="FineTuning.FitHead"/>.</summary>
    /// <value>300.</value>
    [Range(0, int.MaxValue)]
    [SearchRange(10, 300, 100, true)]
    public int Epochs { get; init; } = 300;

    /// <summary>The number of images per forward pass.</summary>
    /// <value>128.</value>
    [Range(1, MaxImagesPerStep)]
    [Choice(new object[] { 32, 64, 128, 256 }, 128)]
    public int BatchSize { get; init; } = 128;

    /// <summary>
    /// The number of batches whose gradients are averaged for one optimizer step, so that a step uses GradientAccumulationSteps * <see cref="BatchSize"/>
    /// images (timm's <c>grad-accum-steps</c>, Lightning's <c>accumulate_grad_batches</c>). Each batch is augmented, mixed and normalized by itself, with its
    /// own random numbers. If mpirun or srun started several processes, they share the batches of a step; the result does not depend on their number.
    /// </summary>
    /// <value>1.</value>
    [Range(1, MaxImagesPerStep)]
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>The base learning rate; typical values depend on the <see cref="Optimizer"/>.</summary>
    /// <value>0.1.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    [SearchRange(1e-3, 1.0, 0.1, true)]
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Weight decay: decay * w is added to the gradient; AdamW applies it separately (decoupled).</summary>
    /// <value>1e-4.</value>
    [Range(0.0, double.MaxValue)]
    [SearchRange(1e-6, 1e-2, 1e-4, true)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Whether to exclude biases and BatchNorm parameters from weight decay: all parameters with one dimension, as in timm.</summary>
    /// <value>false.</value>
    [BooleanChoice(false)]
    public bool NoDecayOnNormAndBias { get; init; }

    /// <summary>The optimizer.</summary>
    /// <value><see cref="SgdOptimizer"/>: momentum 0.9, Nesterov.</value>
    [Required]
    public Optimizer Optimizer { get; init; } = new SgdOptimizer();

    /// <summary>Clips gradients by their global L2 norm at this value.</summary>
    /// <value>null: no clipping.</value>
    [Range(0.0, double.MaxValue, MinimumIsExclusive = true)]
    public double? ClipGradientNorm { get; init; }

    /// <summary>
    /// The number format in which the backbone computes during training. Weights, optimizer, head, losses and strategies stay in float32, and so do validation
    /// and the model.
    /// </summary>
    /// <value><see cref="Precision.Float32"/>.</value>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Precision Precision { get; init; }

    /// <summary>
    /// The decay of an exponential moving average (EMA) of weights and running statistics over the steps: a = decay * a + (1 - decay) * w; 0.999 averages over
    /// about a thousand steps. The average is validated and becomes the model; training continues with the weights themselves (timm's ModelEmaV2).
    /// </summary>
    /// <value>null: no EMA.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? EmaDecay { get; init; }

    /// <summary>How the <see cref="InitialWeights"/> are fine-tuned: frozen stages, a lower learning rate for the backbone, frozen BatchNorm.</summary>
    /// <value>Everything is trained at the same learning rate.</value>
    [Required]
    public FineTuning FineTuning { get; init; } = new();

    /// <summary>Trains the first epochs on smaller images.</summary>
    /// <value>All epochs train at the full size.</value>
    [Required]
    public ProgressiveResizing ProgressiveResizing { get; init; } = new();

    /// <summary>The learning rate schedule.</summary>
    /// <value><see cref="StepSchedule"/>: multiplied by 0.1 at one half and three quarters of the epochs, as in the Feature Mining paper.</value>
    [Required]
    public LearningRateSchedule Schedule { get; init; } = new StepSchedule();

    /// <summary>
    /// The number of warm-up epochs, may be fractional: the learning rate rises linearly from 1e-3 of its base value to its base value; the schedule covers the
    /// remaining epochs. Must be below <see cref="Epochs"/>.
    /// </summary>
    /// <value>0.</value>
    [Range(0.0, double.MaxValue)]
    public double WarmupEpochs { get; init; }

    /// <summary>Stops before the last epoch if the validation accuracy no longer improves; needs validation rows.</summary>
    /// <value>null: never.</value>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>The weights to keep for the model.</summary>
    /// <value><see cref="KeepWeights.Best"/>.</value>
    public KeepWeights KeepWeights { get; init; }

    /// <summary>What happens when the loss or the weights become NaN or infinite.</summary>
    /// <value><see cref="DivergenceBehavior.Throw"/>.</value>
    public DivergenceBehavior OnDivergence { get; init; }

    /// <summary>
    /// The number of images per batch in validation and in the model's Transform, which reads that many rows ahead. The least significant bits of a score
    /// depend on the other images in its batch.
    /// </summary>
    /// <value>64.</value>
    [Range(1, 1 << 16)]
    public int ScoringBatchSize { get; init; } = 64;
}

/// <summary>The number format in which a network computes during training.</summary>
public enum Precision
{
    /// <summary>32-bit floats. On a GPU, convolutions use TensorFloat32, unless torch.backends.cudnn.allow_tf32 is false; matrix products do not.</summary>
    Float32,

    /// <summary>
    /// Mixed precision with bfloat16 (Micikevicius et al. 2018; Kalamkar et al. 2019): each step computes with a rounded copy of the weights, and activations
    /// and gradients of the backbone are bfloat16; BatchNorm's parameters and statistics are float32. It needs no loss scaling. Faster on GPUs, and on CPUs
    /// with instructions for it (AVX512-BF16, AMX: AMD since Zen 4, Intel Xeon since Sapphire Rapids); much slower on other CPUs. A backbone of your own must
    /// accept bfloat16 images and parameters.
    /// </summary>
    BFloat16,

    /// <summary>
    /// 32-bit floats; on NVIDIA GPUs since Ampere, convolutions and matrix products round their inputs to TensorFloat32 (10 bits of mantissa). The setting
    /// belongs to the whole process, and is restored after the training. On a CPU, the same as <see cref="Float32"/>.
    /// </summary>
    TensorFloat32,
}

/// <summary>Fine-tuning settings: a head that is fitted first, frozen stages, and the learning rate of the backbone.</summary>
public sealed record FineTuning
{
    /// <summary>
    /// Whether the head is fitted to the features of the frozen backbone before the first epoch (linear probing, then fine-tuning: Kumar et al. 2022,
    /// "Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution"). The features are computed once, without augmentation, of at most
    /// 50,000 images, evenly spaced in the training rows; the head minimizes cross entropy plus an L2 penalty, which is chosen by cross-validation. The metrics
    /// of this head are those of epoch 0. Needs a <see cref="LinearHead"/> or a <see cref="MultiStageHead"/>. With <see cref="TrainingOptions.Epochs"/> = 0,
    /// the model is this head on the unchanged backbone.
    /// </summary>
    /// <value>false.</value>
    public bool FitHead { get; init; }

    /// <summary>
    /// Whether <see cref="FitHead"/> also uses the features of the mirrored images, which takes twice as long. Not for digits, text or anything where left and
    /// right differ.
    /// </summary>
    /// <value>false.</value>
    public bool FitHeadMirrored { get; init; }

    /// <summary>
    /// Freezes the stem and the first N stages, including running statistics. At most all stages of the backbone; then only the head is trained.
    /// </summary>
    /// <value>0: nothing is frozen.</value>
    [Range(0, int.MaxValue)]
    public int FrozenStages { get; init; }

    /// <summary>The learning rate of the backbone as a fraction of that of the head.</summary>
    /// <value>1.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double BackboneLearningRateFactor { get; init; } = 1;

    /// <summary>
    /// Layer-wise learning rate decay (timm's <c>layer-decay</c>): the learning rate of a stage as a fraction of that of the next one. The last stage has
    /// LayerDecay times the rate of <see cref="BackboneLearningRateFactor"/>, the stage before it LayerDecay^2, and the stem of a network with S stages
    /// LayerDecay^(S + 1).
    /// </summary>
    /// <value>1: all stages have the same learning rate.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double LayerDecay { get; init; } = 1;

    /// <summary>
    /// Whether all BatchNorm layers of the backbone stay in evaluation mode: they normalize by their running statistics and do not update them. Weights and
    /// biases are still trained.
    /// </summary>
    /// <value>false.</value>
    public bool FreezeBatchNorm { get; init; }
}

/// <summary>Stops training when the validation accuracy stops improving.</summary>
public sealed record EarlyStopping
{
    /// <summary>The number of epochs without improvement after which training stops, at least 1.</summary>
    /// <value>20.</value>
    [Range(1, int.MaxValue)]
    public int Patience { get; init; } = 20;

    /// <summary>The minimum increase in accuracy that counts as an improvement (0.01 is one percentage point).</summary>
    /// <value>0: any increase.</value>
    [Range(0.0, double.MaxValue)]
    public double MinDelta { get; init; }
}

/// <summary>The weights of a run that become the model.</summary>
public enum KeepWeights
{
    /// <summary>
    /// The weights of the epoch with the highest validation accuracy (the first one if several are equal); without a validation set, those of the last epoch.
    /// </summary>
    Best,

    /// <summary>The weights of the last epoch.</summary>
    Last,
}

/// <summary>What happens when the loss or the weights become NaN or infinite.</summary>
public enum DivergenceBehavior
{
    /// <summary>Fit throws <see cref="TrainingDivergedException"/>.</summary>
    Throw,

    /// <summary>
    /// Restores the last checkpoint (or the end of the last epoch if there is no checkpoint) and continues with half the learning rate. Fit throws if the run
    /// diverges again after five restores.
    /// </summary>
    RollBack,
}
