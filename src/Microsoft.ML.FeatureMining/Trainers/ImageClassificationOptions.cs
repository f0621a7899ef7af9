using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings that all trainers of this library share; each trainer's own options begin with its paper's values. All settings are checked when the trainer is made; one
/// <see cref="ArgumentException"/> lists everything that is wrong.
/// </summary>
public abstract record ImageClassificationOptions : TrainingOptions
{
    private protected ImageClassificationOptions()
    {
    }

    /// <summary>The label column: a key, as MapValueToKey makes it.</summary>
    /// <value>Label.</value>
    [Required]
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>The image column: a vector of bytes of unknown size (an encoded file, as LoadRawImageBytes gives it), a vector of planar floats (as ExtractPixels gives it), MLImage, or text: paths of
    /// image files, which are read when they are needed.</summary>
    /// <value>Image.</value>
    [Required]
    public string ImageColumnName { get; init; } = "Image";

    /// <summary>Output: the probabilities of the classes, in the order of the label's keys.</summary>
    /// <value>Score.</value>
    [Required]
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>Output: the key of the most probable class.</summary>
    /// <value>PredictedLabel.</value>
    [Required]
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>Height of the network's input in pixels. If the column's type is [channels, height, width], it is taken from there.</summary>
    /// <value>32.</value>
    [Range(1, MaxSide)]
    public int ImageHeight { get; init; } = 32;

    /// <summary>Width of the network's input in pixels. If the column's type is [channels, height, width], it is taken from there.</summary>
    /// <value>32.</value>
    [Range(1, MaxSide)]
    public int ImageWidth { get; init; } = 32;

    /// <summary>3 for color or 1 for gray; any number for planar floats.</summary>
    /// <value>3.</value>
    [Range(1, int.MaxValue)]
    public int Channels { get; init; } = 3;

    /// <summary>How an image of another size is resized to this one.</summary>
    /// <value><see cref="ResizeRule.CropShorterSide"/>.</value>
    public ResizeRule Resize { get; init; }

    /// <summary>Pixels of zero padding around a training image before a random crop of its size; 0 does not crop.</summary>
    /// <value>4.</value>
    [Range(0, int.MaxValue)]
    public int CropPadding { get; init; } = 4;

    /// <summary>Whether training images are flipped horizontally at random; not for digits, text or anything else that changes its meaning.</summary>
    /// <value>true.</value>
    [BooleanChoice(true)]
    public bool HorizontalFlip { get; init; } = true;

    /// <summary>
    /// Rows to validate on after each epoch. They have either the columns that the trainer sees, with labels mapped by the same keys; or the columns before the pipeline: labels as
    /// values of the key and, if there is no image column, paths of files in a text column ImagePath. Rows of an unknown class are skipped with a warning.
    /// </summary>
    /// <value>null: none.</value>
    [JsonIgnore]
    public IDataView? ValidationSet { get; init; }

    /// <summary>The fraction of each class's rows to hold out and validate on instead of a <see cref="ValidationSet"/>; drawn by the seed.</summary>
    /// <value>null: none.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? ValidationFraction { get; init; }

    /// <summary>Determines initial weights, order and augmentation. On a CPU, the same seed on the same machine with the same number of threads gives bit-identical weights.</summary>
    /// <value>null: drawn from the MLContext, so that a context with a seed is deterministic too; 0 with a <see cref="WorkspacePath"/>, so that the run is found again.</value>
    public int? Seed { get; init; }

    /// <summary>What happens to an image that cannot be read.</summary>
    /// <value><see cref="UnreadableImageBehavior.Throw"/>.</value>
    public UnreadableImageBehavior OnUnreadableImage { get; init; }

    /// <summary>
    /// The largest fraction of the training rows, and of the validation rows, that may be skipped if <see cref="OnUnreadableImage"/> is Skip. With more, Fit throws an <see cref="InvalidOperationException"/>.
    /// </summary>
    /// <value>1: any number.</value>
    [Range(0.0, 1.0)]
    public double MaxSkippedFraction { get; init; } = 1;

    /// <summary>The largest image that is decoded, in pixels. A file whose header gives a larger size is unreadable, before any memory is allocated for it.</summary>
    /// <value>178,956,970.</value>
    [Range(1.0, long.MaxValue)]
    public long MaxPixels { get; init; } = ImageCodec.DefaultMaxPixels;

    /// <summary>Where decoded images are kept during a Fit.</summary>
    /// <value><see cref="ImageStorage.Adaptive"/>: in memory up to <see cref="MemoryBudget"/>, else in a file, else, if the disk has no room, nowhere: they are decoded in each epoch.</value>
    public ImageStorage Storage { get; init; }

    /// <summary>Bytes of decoded images, of training and validation together, to keep in memory. An image takes channels x height x width bytes.</summary>
    /// <value>null: a quarter of the memory that the process may use.</value>
    [Range(0.0, long.MaxValue)]
    public long? MemoryBudget { get; init; }

    /// <summary>
    /// A folder for files of decoded images, so that the next Fit on the same rows decodes nothing. A file's name is a hash of its rows and of all that determines their pixels; of image files given by
    /// path, the hash covers name, length and time. A damaged file is made again. Files that are no longer needed are yours to delete.
    /// </summary>
    /// <value>null: a file in the system's temporary folder, deleted after the Fit.</value>
    [MinLength(1)]
    public string? CacheFolder { get; init; }

    /// <summary>Rows in the shuffle buffer when images are streamed from rows that can only be read in order.</summary>
    /// <value>4096.</value>
    [Range(1, int.MaxValue)]
    public int ShuffleBufferSize { get; init; } = 4096;

    /// <summary>The views of an image that the model scores and averages; validation scores the image alone. For planar floats, ten-crop scores the image and its mirror image.</summary>
    /// <value>None, unless the trainer has its own.</value>
    public TestTimeAugmentation TestTimeAugmentation { get; init; }

    /// <summary>Called every few steps and at the end of each epoch, on the thread that runs Fit. Tensors that it makes are disposed when Fit ends, unless they are detached from their dispose scope.</summary>
    /// <value>null: nothing is called.</value>
    [JsonIgnore]
    public Action<TrainingProgress>? Progress { get; init; }

    /// <summary>Cancels Fit.</summary>
    /// <value>None.</value>
    [JsonIgnore]
    public CancellationToken CancellationToken { get; init; }

    /// <summary>What Fit does when it is canceled.</summary>
    /// <value><see cref="CancellationBehavior.ReturnModel"/>.</value>
    public CancellationBehavior OnCancellation { get; init; }

    /// <summary>
    /// A folder for the state of runs. A Fit with the same settings on the same images resumes the run that is there, and on a CPU gives bit-identical weights; a run that is complete gives its model again.
    /// Each run has a folder of its own with checkpoints, log.txt and log.jsonl; other settings or images make another run. On SIGTERM and SIGINT the process waits, for 20 seconds at most, until a
    /// checkpoint is written.
    /// </summary>
    /// <value>null: nothing is kept.</value>
    [JsonIgnore]
    [MinLength(1)]
    public string? WorkspacePath { get; init; }

    /// <summary>Steps between two checkpoints, in addition to one at the end of each epoch.</summary>
    /// <value>null: no limit.</value>
    [Range(1, int.MaxValue)]
    public int? CheckpointEverySteps { get; init; }

    /// <summary>Time between two checkpoints, in addition to one at the end of each epoch.</summary>
    /// <value>Five minutes.</value>
    [Range(typeof(TimeSpan), "0:00:00", "10000000.00:00:00")]
    public TimeSpan? CheckpointEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The number of newest checkpoints to keep; each also holds the best weights so far.</summary>
    /// <value>2, so that there is an older one if the newest is damaged.</value>
    [Range(1, int.MaxValue)]
    public int KeepCheckpoints { get; init; } = 2;

    private const int MaxSide = 65_536;

    internal StorageSettings ToStorage() => new() { Storage = Storage, MemoryBudget = MemoryBudget, CacheFolder = CacheFolder, ShuffleBufferSize = ShuffleBufferSize };

    internal ImagePreprocessing ToPreprocessing() => new() { Shape = new ImageShape(Channels, ImageHeight, ImageWidth), CropRatio = CropRatio, Resize = Resize };

    /// <summary>The recipe for a network that takes images of that shape.</summary>
    internal virtual TrainingRecipe ToRecipe(ImageShape input, long seed)
    {
        // A random resized crop crops by itself.
        ImageAugmentation[] crop = CropRatio == 1 || Augmentations.Any(augmentation => augmentation.Crops) ? [] : [new RandomCrop()];
        ImageAugmentation[] padCropFlip = CropPadding == 0 && !HorizontalFlip ? [] : [new PadCropFlip { Padding = CropPadding, Flip = HorizontalFlip }];
        return new TrainingRecipe(this) { Backbone = BackboneCatalog.Canonical(Backbone), Input = input, Seed = seed, Augmentations = [.. crop, .. padCropFlip, .. Augmentations] };
    }

    /// <summary>Whether a label is a set of classes.</summary>
    internal virtual bool IsMultilabel => false;

    /// <summary>Rules that concern several settings of this trainer, and are not the recipe's.</summary>
    internal virtual IEnumerable<string> OwnProblems()
    {
        if (!string.IsNullOrEmpty(ScoreColumnName) && ScoreColumnName == PredictedLabelColumnName)
        {
            yield return $"ScoreColumnName and PredictedLabelColumnName are both '{ScoreColumnName}'.";
        }

        if (ValidationFraction is not null && ValidationSet is not null)
        {
            yield return "ValidationSet and ValidationFraction are both given; one is enough.";
        }

        if (EarlyStopping is not null && ValidationFraction is null && ValidationSet is null)
        {
            yield return "EarlyStopping needs a ValidationSet or a ValidationFraction.";
        }

        if (InitialWeights is { } weights && !File.Exists(weights))
        {
            yield return $"InitialWeights names a file that does not exist: '{weights}'.";
        }
    }
}

/// <summary>What Fit does when its <see cref="ImageClassificationOptions.CancellationToken"/> is canceled.</summary>
public enum CancellationBehavior
{
    /// <summary>Returns the model of the epochs finished so far; throws <see cref="OperationCanceledException"/> if there is none.</summary>
    ReturnModel,

    /// <summary>Throws <see cref="OperationCanceledException"/>.</summary>
    Throw,
}
