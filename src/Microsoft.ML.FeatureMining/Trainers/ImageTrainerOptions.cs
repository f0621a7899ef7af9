using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// The settings that all trainers of this library share, for classification and for object detection: columns, data, files, cancellation. All settings are
/// checked when the trainer is created; one <see cref="ArgumentException"/> lists everything that is wrong.
/// </summary>
public abstract record ImageTrainerOptions : TrainingOptions
{
    private protected ImageTrainerOptions() { }

    /// <summary>The network, a key of <see cref="BackboneCatalog"/>.</summary>
    /// <value>null: the network of <see cref="TrainingOptions.InitialWeights"/> if those say which it is (a name of <see cref="Models.PretrainedWeights"/>, a
    /// model of the Hugging Face Hub or of this library); otherwise the trainer's own.</value>
    [MinLength(1)]
    public string? Backbone { get; init; }

    /// <summary>
    /// The label column: a key, as returned by MapValueToKey; for multi-label a set of classes; for object detection a vector of keys or names, one per object.
    /// </summary>
    /// <value>Label.</value>
    [Required]
    public string LabelColumnName { get; init; } = "Label";

    /// <summary>
    /// The image column: a vector of bytes of unknown size (an encoded file, as returned by LoadRawImageBytes), a vector of planar floats (as returned by
    /// ExtractPixels; not for object detection), MLImage, or text (paths of image files, which are read when they are needed).
    /// </summary>
    /// <value>Image; if the rows have no such column, ImagePath, if that is text.</value>
    [Required]
    public string ImageColumnName { get; init; } = "Image";

    /// <summary>Output: the probabilities of the classes, in the order of the label's keys; for object detection the score of each object found.</summary>
    /// <value>Score.</value>
    [Required]
    public string ScoreColumnName { get; init; } = "Score";

    /// <summary>Output: the key of the most probable class; for object detection the key of each object found.</summary>
    /// <value>PredictedLabel.</value>
    [Required]
    public string PredictedLabelColumnName { get; init; } = "PredictedLabel";

    /// <summary>Which mean and standard deviation normalize the network's input, unless <see cref="InputMean"/> and <see cref="InputStd"/> are set.</summary>
    /// <value><see cref="InputNormalization.FromWeights"/>.</value>
    public InputNormalization InputNormalization { get; init; }

    /// <summary>
    /// The mean of each channel to subtract from the input: as a fraction of 255 as in PyTorch and timm, e.g. [0.485, 0.456, 0.406]; for planar floats in their
    /// own units. Set it together with <see cref="InputStd"/>.
    /// </summary>
    /// <value>null: as <see cref="InputNormalization"/> says.</value>
    public IReadOnlyList<double>? InputMean { get; init; }

    /// <summary>The standard deviation of each channel to divide the input by, in the units of <see cref="InputMean"/>; above 0.</summary>
    /// <value>null: as <see cref="InputNormalization"/> says.</value>
    public IReadOnlyList<double>? InputStd { get; init; }

    /// <summary>Whether training images are flipped horizontally at random; not for digits, text or other images whose meaning a flip changes.</summary>
    /// <value>true.</value>
    [BooleanChoice(true)]
    public bool HorizontalFlip { get; init; } = true;

    /// <summary>
    /// Rows to validate on after each epoch. They have either the columns that the trainer sees, with labels mapped by the same keys; or the columns before the
    /// pipeline: labels as values of the key and, if there is no image column, paths of files in a text column ImagePath. Rows with an unknown class are
    /// skipped with a warning.
    /// </summary>
    /// <value>null: none.</value>
    [JsonIgnore]
    public IDataView? ValidationSet { get; init; }

    /// <summary>
    /// The fraction of each class's rows (for sets of classes, of the rows with the same set; for object detection, of all rows) to hold out and validate on
    /// instead of a <see cref="ValidationSet"/>; drawn by the seed. The only row of a class or set stays in training.
    /// </summary>
    /// <value>null: none.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? ValidationFraction { get; init; }

    /// <summary>
    /// The seed of initial weights, image order and augmentation. On a CPU, the same seed on the same machine with the same number of threads gives
    /// bit-identical weights.
    /// </summary>
    /// <value>null: drawn from the MLContext, so that a context with a seed is deterministic too; 0 with a <see cref="WorkspacePath"/>, so that the next Fit
    /// resumes the run.</value>
    public int? Seed { get; init; }

    /// <summary>What happens to an image that cannot be read.</summary>
    /// <value><see cref="UnreadableImageBehavior.Throw"/>.</value>
    public UnreadableImageBehavior OnUnreadableImage { get; init; }

    /// <summary>
    /// The largest fraction of the training rows, and of the validation rows, that may be skipped if <see cref="OnUnreadableImage"/> is Skip. With more, Fit
    /// throws an <see cref="InvalidOperationException"/>.
    /// </summary>
    /// <value>1: any number.</value>
    [Range(0.0, 1.0)]
    public double MaxSkippedFraction { get; init; } = 1;

    /// <summary>The largest image to decode, in pixels. A file whose header gives a larger size counts as unreadable; no memory is allocated for it.</summary>
    /// <value>178,956,970.</value>
    [Range(1.0, long.MaxValue)]
    public long MaxPixels { get; init; } = ImageCodec.DefaultMaxPixels;

    /// <summary>Where decoded images are kept during a Fit.</summary>
    /// <value><see cref="ImageStorage.Adaptive"/>: in memory up to <see cref="MemoryBudget"/>, else in a file. If the disk has no room either, images are
    /// decoded again in each epoch.</value>
    public ImageStorage Storage { get; init; }

    /// <summary>
    /// The maximum number of bytes of decoded images to keep in memory, for training and validation together. An image takes channels x height x width bytes.
    /// </summary>
    /// <value>null: a quarter of the memory that the process may use.</value>
    [Range(0.0, long.MaxValue)]
    public long? MemoryBudget { get; init; }

    /// <summary>
    /// A folder for files of decoded images, so that the next Fit on the same rows does not decode them again. The name of a file is a hash of the rows and of
    /// everything that determines their pixels. For image files given by path, the hash covers name, length and modification time. A damaged file is created
    /// again. The library does not delete old files.
    /// </summary>
    /// <value>null: a file in the system's temporary folder, deleted after the Fit.</value>
    [MinLength(1)]
    public string? CacheFolder { get; init; }

    /// <summary>Rows in the shuffle buffer when images are streamed from rows that can only be read in order.</summary>
    /// <value>4096.</value>
    [Range(1, int.MaxValue)]
    public int ShuffleBufferSize { get; init; } = 4096;

    /// <summary>
    /// Called every few steps and at the end of each epoch, on the thread that runs Fit. Tensors that the callback creates are disposed when Fit ends, unless
    /// it detaches them from their dispose scope.
    /// </summary>
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
    /// A folder for the state of runs. If a Fit with the same settings on the same images was interrupted, Fit resumes it, and on a CPU the weights are
    /// bit-identical to those of an uninterrupted run. If that run is complete, Fit returns its model. Each run has its own folder with checkpoints, log.txt
    /// and log.jsonl; other settings or images start another run. On SIGTERM, SIGINT and SIGHUP, the process waits up to 20 seconds until a checkpoint is
    /// written.
    /// </summary>
    /// <value>null: nothing is kept.</value>
    [JsonIgnore]
    [MinLength(1)]
    public string? WorkspacePath { get; init; }

    /// <summary>Steps between two checkpoints, in addition to one at the end of each epoch.</summary>
    /// <value>null: checkpoints do not depend on the number of steps.</value>
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

    /// <summary>Training in several processes, which mpirun or srun started. On CPUs of one kind, the weights do not depend on the number of processes, unless
    /// <see cref="DistributedSettings.SinglePrecisionSums"/> is set.</summary>
    /// <value>The processes train one model together.</value>
    [JsonIgnore]
    [Required]
    public DistributedSettings Distributed { get; init; } = new();

    /// <summary>The size and the channels of the input, as far as the options say them.</summary>
    internal abstract WantedInput WantedInput { get; }

    /// <summary>What the trainer's paper uses; applies if neither an option nor the initial weights say it.</summary>
    internal abstract PaperInput PublishedInput { get; }

    /// <summary>How images are resized.</summary>
    internal abstract ImagePreprocessing ToPreprocessing();

    /// <summary>The recipe for a network with that input shape.</summary>
    internal abstract TrainingRecipe ToRecipe(ImageShape input, long seed);

    /// <summary>Finds the label column of the training rows.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or has another type.</exception>
    internal abstract LabelColumn BindLabel(IDataView rows);

    /// <summary>Finds initial weights by their name or path.</summary>
    /// <exception cref="InvalidDataException">The file has another format or is damaged.</exception>
    /// <exception cref="IOException">There are no such weights on this machine; the message says what to do.</exception>
    internal virtual WeightSource FindWeights(string name) => WeightSource.Find(name);

    internal StorageSettings ToStorage() =>
        new()
        {
            Storage = Storage,
            MemoryBudget = MemoryBudget,
            CacheFolder = CacheFolder,
            ShuffleBufferSize = ShuffleBufferSize,
        };

    /// <summary>Checks rules across several settings, except for those that the recipe checks.</summary>
    internal virtual IEnumerable<string> TrainerProblems()
    {
        if (!string.IsNullOrEmpty(ScoreColumnName) && ScoreColumnName == PredictedLabelColumnName)
        {
            yield return $"ScoreColumnName and PredictedLabelColumnName are both '{ScoreColumnName}'; they must differ.";
        }

        if (ValidationFraction is not null && ValidationSet is not null)
        {
            yield return "ValidationSet and ValidationFraction are both set; set only one of them.";
        }

        if (EarlyStopping is not null && ValidationFraction is null && ValidationSet is null)
        {
            yield return "EarlyStopping needs a ValidationSet or a ValidationFraction; set one of them.";
        }

        foreach (string problem in InputSettings.Problems(this))
        {
            yield return problem;
        }
    }
}

/// <summary>What Fit does when its <see cref="ImageTrainerOptions.CancellationToken"/> is canceled.</summary>
public enum CancellationBehavior
{
    /// <summary>Returns the model of the epochs finished so far; throws <see cref="OperationCanceledException"/> if no epoch has finished.</summary>
    ReturnModel,

    /// <summary>Throws <see cref="OperationCanceledException"/>.</summary>
    Throw,
}
