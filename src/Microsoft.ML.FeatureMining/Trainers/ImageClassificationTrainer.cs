using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>What the trainers of this library have in common as parts of an ML.NET pipeline.</summary>
/// <remarks>
/// <para>Input: a label that is a key, and pictures as encoded bytes, planar floats, MLImage or paths of files. Output: PredictedLabel, the label's key; Score, the probabilities.</para>
/// <para>Rows without a label are left out and counted in a warning. Every Fit starts afresh; with the same seed, on the same CPU, it gives the same bits.</para>
/// <para>
/// The program's own settings of torch change nothing in it, and it changes none of them: default dtype, device and generator, grad and inference mode, dispose scopes. Modules are made as float32 on the
/// CPU and then moved; a strategy, loss or layer of your own names the dtype and the device of other tensors that it makes.
/// </para>
/// </remarks>
public abstract class ImageClassificationTrainer : IEstimator<ImageClassificationTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly ImageClassificationOptions _options;
    private readonly long _seed;

    private protected ImageClassificationTrainer(IHostEnvironment environment, string name, ImageClassificationOptions options)
    {
        TorchLibrary.EnsureLoaded();
        OptionsCheck.Check(options);
        (_environment, _options) = (environment, options);
        _host = environment.Register(name);
        _seed = options.Seed ?? (options.WorkspacePath is null ? _host.Rand.Next() : 0);
    }

    /// <summary>The input's columns, Score and PredictedLabel, with the annotations of ML.NET's own classifiers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label or the image column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return ScoreSchema.Shape(inputSchema, _options.LabelColumnName, Settings, _options.IsMultilabel);
    }

    /// <summary>Reads all rows and trains a network on them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label or the image column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows, or a backbone or head of your own cannot be trained, saved and scored.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, all are of one class, or the GPU that the context names is not there.</exception>
    /// <exception cref="Imaging.ImageDecodeException">An image cannot be read, and <see cref="ImageClassificationOptions.OnUnreadableImage"/> is Throw.</exception>
    /// <exception cref="InvalidDataException">The initial weights are of another network, or damaged.</exception>
    /// <exception cref="TrainingDivergedException">The loss became infinite or no number.</exception>
    /// <exception cref="IOException">The workspace cannot be made or written, or another process is at the same run there; the message names it.</exception>
    /// <exception cref="OperationCanceledException">The context was canceled; or the token was, before an epoch was finished or where <see cref="ImageClassificationOptions.OnCancellation"/> says so.</exception>
    public ImageClassificationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(Internals.ShapeOf(input.Schema));
        using IChannel channel = _host.Start("Training");
        FitRun run = new(_host, channel, _options, ComputeDevice.Of(_environment));
        using TrainingRows rows = run.Read(input, _seed);
        TrainingRecipe recipe = RecipeFor(rows.Train);
        ArtifactManifest untrained = ManifestOf(rows, recipe);
        ArtifactTrial.Run(untrained, ComputeDevice.Of(_environment));
        TrainingOutcome outcome = Train(run, recipe, rows);
        run.CheckWorthKeeping(outcome);
        return new ImageClassificationTransformer(_environment, new ModelArtifact(Trained(untrained, outcome), outcome.Weights), Settings with { KeyValues = rows.Keys.ItemName });
    }

    /// <summary>Trains once, unless the method takes more.</summary>
    private protected virtual TrainingOutcome Train(FitRun run, TrainingRecipe recipe, TrainingRows rows) => run.Train(recipe, rows);

    // Planar floats are of the column's shape, and not resized.
    private TrainingRecipe RecipeFor(ImageSet train) => train.Element == PixelType.Single
        ? (_options with { CropRatio = 1 }).ToRecipe(train.Shape, _seed)
        : _options.ToRecipe(_options.ToPreprocessing().Shape, _seed);

    private ArtifactManifest ManifestOf(TrainingRows rows, TrainingRecipe recipe) => new()
    {
        Backbone = recipe.Backbone,
        Head = recipe.Head,
        ClassCount = rows.Keys.Count,
        IsMultilabel = _options.IsMultilabel,
        ClassNames = rows.Keys.ItemType is null ? null : rows.Keys.Names,
        Preprocessing = _options.ToPreprocessing() with { Shape = recipe.Input, CropRatio = recipe.CropRatio },
        Element = rows.Train.Element,
        TestTimeAugmentation = _options.TestTimeAugmentation == TestTimeAugmentation.TenCrop && rows.Train.Element == PixelType.Single
            ? TestTimeAugmentation.Flip
            : _options.TestTimeAugmentation,
        Mean = new float[recipe.Input.Channels],
        Std = new float[recipe.Input.Channels],
        FixedMask = recipe.Strategies.OfType<FixedMask>().FirstOrDefault()?.Kept,
        Recipe = ArtifactManifest.Describe(recipe),
        SkippedImages = rows.Skipped,
        Versions = LibraryVersions.All,
    };

    private static ArtifactManifest Trained(ArtifactManifest untrained, TrainingOutcome outcome) => untrained with
    {
        Exits = outcome.Exits,
        Mean = outcome.Pixels.Mean,
        Std = outcome.Pixels.Std,
        Recipe = ArtifactManifest.Describe(outcome.Recipe),
        Epoch = outcome.Epoch,
        End = outcome.End,
        History = outcome.History,
        EarlierHistory = outcome.EarlierHistory,
    };

    private ScoringSettings Settings => new()
    {
        ImageColumnName = _options.ImageColumnName,
        ScoreColumnName = _options.ScoreColumnName,
        PredictedLabelColumnName = _options.PredictedLabelColumnName,
        OnUnreadableImage = _options.OnUnreadableImage,
        MaxPixels = _options.MaxPixels,
        BatchSize = _options.ScoringBatchSize,
    };
}
