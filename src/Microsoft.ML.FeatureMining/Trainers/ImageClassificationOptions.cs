using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// What all trainers of this library have in common; each trainer's own options begin with its paper's values. Everything is checked at once when the trainer is made;
/// one <see cref="ArgumentException"/> lists all that is wrong. The attributes are the ranges that AutoML sweeps.
/// </summary>
public abstract record ImageClassificationOptions
{
    private protected ImageClassificationOptions()
    {
    }

    /// <summary>The label: a key, as MapValueToKey makes it.</summary>
    /// <value>Label.</value>
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>The pictures: a vector of bytes of unknown size (an encoded file, as LoadRawImageBytes gives it), a vector of planar floats (as ExtractPixels gives it), MLImage, or text: paths of picture
    /// files, which are read when they are needed.</summary>
    /// <value>Image.</value>
    public string ImageColumnName { get; init; } = "Image";

    /// <summary>Out: the probabilities of the classes, in the order of the label's keys.</summary>
    /// <value>Score.</value>
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>Out: the key of the most probable class.</summary>
    /// <value>PredictedLabel.</value>
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>The network, a key of <see cref="Networks.BackboneCatalog"/>.</summary>
    /// <value>The trainer's own.</value>
    public string Backbone { get; init; } = "cifar-resnet-56";

    /// <summary>
    /// A file of weights to begin with, in safetensors: torchvision's, timm's or an exported model's of the same backbone, under their names. A classifier for another number of
    /// classes begins anew. What was loaded, skipped and left new is told in the log.
    /// </summary>
    /// <value>None: weights are drawn, the network is trained from scratch.</value>
    [JsonIgnore]
    public string? InitialWeights { get; init; }

    /// <summary>What the network is trained on.</summary>
    /// <value>None: cross entropy, with <see cref="LabelSmoothing"/>.</value>
    [JsonIgnore]
    public ClassificationLoss? Loss { get; init; }

    /// <summary>More strategies, beside those of the trainer itself.</summary>
    /// <value>None.</value>
    [JsonIgnore]
    public IReadOnlyList<TrainingStrategy> Strategies { get; init; } = [];

    /// <summary>Rows of pixels that the network sees. Taken from the column's type where that is [channels, height, width].</summary>
    /// <value>32.</value>
    public int ImageHeight { get; init; } = 32;

    /// <summary>Columns of pixels that the network sees. Taken from the column's type where that is [channels, height, width].</summary>
    /// <value>32.</value>
    public int ImageWidth { get; init; } = 32;

    /// <summary>3 for color or 1 for gray; any number where the column is planar floats.</summary>
    /// <value>3.</value>
    public int Channels { get; init; } = 3;

    /// <summary>How a picture of another size becomes one of this.</summary>
    /// <value><see cref="ResizeRule.CropShorterSide"/>.</value>
    public ResizeRule Resize { get; init; }

    /// <summary>
    /// The share of each side of a resized picture that the network sees, from 0.5 to 1: its middle, and while training a crop at a random place, or of a random size where
    /// <see cref="Augmentations"/> have a <see cref="RandomResizedCrop"/>. 0.875 resizes pictures to 256 pixels for a network of 224 (timm's <c>crop_pct</c>). Planar floats are not resized, and seen whole.
    /// </summary>
    /// <value>The trainer's own.</value>
    public double CropRatio { get; init; } = 1;

    /// <summary>Passes over the training rows.</summary>
    /// <value>300.</value>
    [Range(10, 300, 100, true)]
    public int Epochs { get; init; } = 300;

    /// <summary>Images that go through the network at once.</summary>
    /// <value>128.</value>
    [Choice(new object[] { 32, 64, 128, 256 }, 128)]
    public int BatchSize { get; init; } = 128;

    /// <summary>Batches whose gradients are averaged before a step, so that a step sees as many times <see cref="BatchSize"/> images (timm's <c>grad-accum-steps</c>, Lightning's
    /// <c>accumulate_grad_batches</c>). BatchNorm sees a batch at a time; strategies mix over all images of a step.</summary>
    /// <value>1.</value>
    public int GradientAccumulationSteps { get; init; } = 1;

    /// <summary>The base learning rate; the usual one depends on the <see cref="Optimizer"/>.</summary>
    /// <value>0.1.</value>
    [Range(1e-3, 1.0, 0.1, true)]
    public double LearningRate { get; init; } = 0.1;

    /// <summary>Momentum of stochastic gradient descent, in [0, 1).</summary>
    /// <value>0.9.</value>
    [Range(0.8, 0.99, 0.9)]
    public double Momentum { get; init; } = 0.9;

    /// <summary>Whether the momentum is Nesterov's.</summary>
    /// <value>true.</value>
    [BooleanChoice(true)]
    public bool Nesterov { get; init; } = true;

    /// <summary>Weight decay, at least 0: added to the gradient as decay * w, but with AdamW apart from it.</summary>
    /// <value>1e-4.</value>
    [Range(1e-6, 1e-2, 1e-4, true)]
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>Whether biases, and the scales and shifts of BatchNorm, go without weight decay: all parameters of one dimension, as with timm.</summary>
    /// <value>false.</value>
    [BooleanChoice(false)]
    public bool NoDecayOnNormAndBias { get; init; }

    /// <summary>The rule by which a step moves the weights.</summary>
    /// <value>None: stochastic gradient descent with <see cref="Momentum"/> and <see cref="Nesterov"/>; any other has its own settings and looks at neither.</value>
    [JsonIgnore]
    public Optimizer? Optimizer { get; init; }

    /// <summary>Scales a step's gradients down where their L2 norm, all together, is more than this, above 0.</summary>
    /// <value>None: they are taken as they are.</value>
    public double? ClipGradientNorm { get; init; }

    /// <summary>Averages weights and running statistics over the steps, a = decay * a + (1 - decay) * w, with a decay between 0 and 1 (0.999: about a thousand steps). The average is
    /// validated and becomes the model; training goes on with the weights themselves (timm's ModelEmaV2).</summary>
    /// <value>None: nothing is averaged.</value>
    public double? EmaDecay { get; init; }

    /// <summary>How the <see cref="InitialWeights"/> are fine-tuned: frozen stages, a lower learning rate for the backbone, frozen BatchNorm.</summary>
    /// <value>All is trained, at one rate.</value>
    public FineTuning FineTuning { get; init; } = new();

    /// <summary>How the learning rate falls.</summary>
    /// <value><see cref="StepSchedule"/>: by 0.1 at one half and three quarters of the epochs, as in the paper.</value>
    [JsonIgnore]
    public LearningRateSchedule Schedule { get; init; } = new StepSchedule();

    /// <summary>Epochs in which the rate rises linearly to its base.</summary>
    /// <value>0.</value>
    public double WarmupEpochs { get; init; }

    /// <summary>How much of a target goes to all classes evenly, in [0, 1).</summary>
    /// <value>0.</value>
    [Range(0.0, 0.3, 0.1)]
    public double LabelSmoothing { get; init; }

    /// <summary>Pixels of zeros around an image before it is cropped back at random; 0 leaves it in place.</summary>
    /// <value>4.</value>
    public int CropPadding { get; init; } = 4;

    /// <summary>Whether images are mirrored at random; not for digits, text or anything with a handedness.</summary>
    /// <value>true.</value>
    [BooleanChoice(true)]
    public bool HorizontalFlip { get; init; } = true;

    /// <summary>More changes of the training images, in this order, after the crop and the flip.</summary>
    /// <value>None.</value>
    [JsonIgnore]
    public IReadOnlyList<ImageAugmentation> Augmentations { get; init; } = [];

    /// <summary>
    /// Rows to validate on after each epoch: either with the columns that the trainer sees, labels mapped by the same key; or as they are before the pipeline, labels as
    /// the values that the key stands for and, where there is no image column, files named by a text column ImagePath. Rows of an unknown class are left out, with a warning.
    /// </summary>
    /// <value>None.</value>
    [JsonIgnore]
    public IDataView? ValidationSet { get; init; }

    /// <summary>The share of each class's rows to hold out and validate on instead of a <see cref="ValidationSet"/>, between 0 and 1, drawn by the seed.</summary>
    /// <value>None.</value>
    public double? ValidationFraction { get; init; }

    /// <summary>When to stop before the last epoch; needs validation rows.</summary>
    /// <value>Never.</value>
    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>Which weights become the model.</summary>
    /// <value><see cref="KeepWeights.Best"/>.</value>
    public KeepWeights KeepWeights { get; init; }

    /// <summary>Decides initial weights, order and augmentation: the same seed on the same machine gives the same bits on a CPU with the same number of threads
    /// (sums over several threads, in BatchNorm and in the gradients of kernels, depend on how many).</summary>
    /// <value>Drawn from the MLContext, so that a context with a seed is deterministic too; 0 with a <see cref="WorkspacePath"/>, whose runs must be found again.</value>
    public int? Seed { get; init; }

    /// <summary>What happens to a picture that cannot be read.</summary>
    /// <value><see cref="UnreadableImageBehavior.Throw"/>.</value>
    public UnreadableImageBehavior OnUnreadableImage { get; init; }

    /// <summary>
    /// The largest share of the training rows, and of the validation rows, whose picture may be skipped, in [0, 1]: with more, Fit throws an
    /// <see cref="InvalidOperationException"/> rather than train on what is left. Counts where <see cref="OnUnreadableImage"/> is Skip.
    /// </summary>
    /// <value>1: any.</value>
    public double MaxSkippedFraction { get; init; } = 1;

    /// <summary>The largest picture that is decoded, in pixels; what claims to be larger counts as unreadable, before any memory is taken for it.</summary>
    /// <value>178,956,970.</value>
    public long MaxPixels { get; init; } = ImageCodec.DefaultMaxPixels;

    /// <summary>Where decoded images are kept during a Fit.</summary>
    /// <value><see cref="ImageStorage.Adaptive"/>: in memory, in a file where they pass the <see cref="MemoryBudget"/>, nowhere where the disk has no room either.</value>
    public ImageStorage Storage { get; init; }

    /// <summary>How many bytes of decoded images, those of training and of validation together, are kept in memory. An image takes channels x height x width.</summary>
    /// <value>None: a quarter of the memory that the process may use.</value>
    public long? MemoryBudget { get; init; }

    /// <summary>
    /// A folder in which files of decoded images stay, so that the next Fit on the same rows decodes nothing. Each is named after its rows and all that decides their pixels; of files
    /// that an image column of text names, name, length and time count as content. One that is damaged is made anew; nobody removes those that are not needed any more.
    /// </summary>
    /// <value>None: a file in the system's temporary folder, gone after the Fit.</value>
    public string? CacheFolder { get; init; }

    /// <summary>How many rows wait to be shuffled where images are streamed and can only be read one after the other.</summary>
    /// <value>4096.</value>
    public int ShuffleBufferSize { get; init; } = 4096;

    /// <summary>Images scored at once, in validation and by the model's Transform, which reads as many rows ahead. The last bits of a score depend on the batch that its image is in.</summary>
    /// <value>64.</value>
    public int ScoringBatchSize { get; init; } = 64;

    /// <summary>Which views of a picture the model scores and averages; validation looks at the picture itself. Planar floats have no ten crops; their model scores the picture and its mirror image.</summary>
    /// <value>The trainer's own.</value>
    public TestTimeAugmentation TestTimeAugmentation { get; init; }

    /// <summary>Told every few steps and at the end of each epoch, on the thread that runs Fit. Tensors that it makes are freed when Fit ends, unless they are detached from their dispose scope.</summary>
    /// <value>None.</value>
    [JsonIgnore]
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Ends Fit before its time.</summary>
    /// <value>None.</value>
    [JsonIgnore]
    public CancellationToken CancellationToken { get; init; }

    /// <summary>What Fit does then.</summary>
    /// <value><see cref="CancellationBehavior.ReturnModel"/>.</value>
    public CancellationBehavior OnCancellation { get; init; }

    /// <summary>A folder in which runs keep their state. A Fit with the same settings on the same images goes on there where an earlier one ended, however that ended, and on a CPU comes
    /// to the same bits as if it had not; one that had come to its end gives its model again. Each run has a folder of its own in it, with checkpoints, log.txt and
    /// log.jsonl; other settings or other images make another run. SIGTERM and SIGINT wait, for 20 seconds at most, until a checkpoint is written.</summary>
    /// <value>None: nothing is kept.</value>
    [JsonIgnore]
    public string? WorkspacePath { get; init; }

    /// <summary>Steps between two checkpoints; the end of each epoch makes one in any case.</summary>
    /// <value>None.</value>
    public int? CheckpointEverySteps { get; init; }

    /// <summary>Time between two checkpoints; the end of each epoch makes one in any case.</summary>
    /// <value>Five minutes.</value>
    public TimeSpan? CheckpointEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How many checkpoints are kept, the newest; each holds the best weights so far too.</summary>
    /// <value>2, so that there is one to go back to where the newest is damaged.</value>
    public int KeepCheckpoints { get; init; } = 2;

    /// <summary>What happens when the loss or the weights become infinite or no number.</summary>
    /// <value><see cref="DivergenceBehavior.Throw"/>.</value>
    public DivergenceBehavior OnDivergence { get; init; }

    internal StorageSettings ToStorage() => new() { Storage = Storage, MemoryBudget = MemoryBudget, CacheFolder = CacheFolder, ShuffleBufferSize = ShuffleBufferSize };

    /// <summary>What becomes of pictures.</summary>
    internal ImagePreprocessing ToPreprocessing() => new() { Shape = new ImageShape(Channels, ImageHeight, ImageWidth), CropRatio = CropRatio, Resize = Resize };

    /// <summary>The recipe for a network that takes images of that shape.</summary>
    internal virtual TrainingRecipe ToRecipe(ImageShape input, long seed) => CommonRecipe.Of(this, input, seed);

    /// <summary>Whether a label is a set of classes.</summary>
    internal virtual bool IsMultilabel => false;

    /// <summary>What is wrong with the settings that only this trainer has; those that end up in the recipe are judged there.</summary>
    internal virtual IEnumerable<string> OwnProblems() => [];
}

/// <summary>What Fit does when its <see cref="ImageClassificationOptions.CancellationToken"/> is canceled.</summary>
public enum CancellationBehavior
{
    /// <summary>Returns the model of the epochs finished so far; throws <see cref="OperationCanceledException"/> only where there is none.</summary>
    ReturnModel,

    /// <summary>Throws <see cref="OperationCanceledException"/>.</summary>
    Throw,
}
