using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
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

/// <summary>Base class of the trainers of this library, which are estimators in an ML.NET pipeline.</summary>
/// <remarks>
/// <para>Input: a key label, and images as encoded bytes, planar floats, MLImage or paths of files. Output: PredictedLabel (a key) and Score
/// (probabilities).</para>
/// <para>Rows without a label are skipped and counted in a warning. Each call of Fit trains a new network. The same seed on the same CPU with the same number
/// of threads gives bit-identical weights.</para>
/// <para>Fit does not depend on the program's global torch state (default dtype and device, generators, grad and inference mode, dispose scopes) and restores
/// it. Modules are created as float32 on the CPU and then moved to the device. A custom strategy, loss or layer must specify dtype and device of other tensors
/// that it creates.
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

    /// <summary>The input's columns, Score and PredictedLabel, with the same annotations as ML.NET's own classifiers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label or the image column is missing or has another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return ScoreSchema.Shape(inputSchema, _options.LabelColumnName, Settings, _options.IsMultilabel);
    }

    /// <summary>Reads all rows and trains a network on them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label or the image column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not match the training rows, or a custom backbone or head cannot be trained, saved and
    /// scored.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, all rows have the same class, or the GPU selected by MLContext.GpuDeviceId does not
    /// exist.</exception>
    /// <exception cref="Imaging.ImageDecodeException">An image cannot be read, and <see cref="ImageTrainerOptions.OnUnreadableImage"/> is
    /// Throw.</exception>
    /// <exception cref="InvalidDataException">The initial weights belong to another network, or the file is damaged.</exception>
    /// <exception cref="TrainingDivergedException">The loss became NaN or infinite.</exception>
    /// <exception cref="IOException">The workspace cannot be created or written, or another process trains the same run there; the message names
    /// it.</exception>
    /// <exception cref="RankFailedException">Another process of the job failed or does not answer.</exception>
    /// <exception cref="OperationCanceledException">The context was canceled; or the token was canceled before the first epoch finished, or
    /// <see cref="ImageTrainerOptions.OnCancellation"/> is Throw.</exception>
    public ImageClassificationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(Internals.ShapeOf(input.Schema));
        return FitJob.Run(_environment, _host, _options, run => Fit(run, run.Bind(input)));
    }

    private ImageClassificationTransformer Fit(FitRun run, LabeledRows labeled)
    {
        (ClassKeys keys, ImageColumn image) = (labeled.Label.Keys, labeled.Image);
        long seed = run.Share(_seed);
        TrainingRecipe recipe = TeacherFiles.WithHashes(CreateRecipe(image, seed));
        run.Info(InputSettings.Of(_options).Describe(recipe));
        ModelManifest untrained = CreateManifest(keys, image, recipe);
        // Before the images are read. Reading rejects labels with one class, and says which.
        if (keys.Count > 1)
        {
            OptionsCheck.Check(recipe.Problems());
            UntrainedModelCheck.Run(untrained, ComputeDevice.Of(_environment));
        }

        using TrainingRows rows = run.Alone(() => run.Read(labeled, seed));
        TrainingOutcome outcome = Train(run, recipe, rows);
        run.ThrowIfDiscarded(outcome);
        SavedModel trained = new(WithOutcome(untrained with { SkippedImages = rows.Skipped }, outcome), outcome.Weights);
        return new ImageClassificationTransformer(_environment, trained, Settings with { ImageColumnName = image.Column.Name, KeyValues = keys.ItemName });
    }

    /// <summary>Trains one network. Overridden by methods that train in several phases.</summary>
    private protected virtual TrainingOutcome Train(FitRun run, TrainingRecipe recipe, TrainingRows rows) => run.Train(recipe, rows);

    // Planar floats have the shape of the column and are not resized.
    private TrainingRecipe CreateRecipe(ImageColumn image, long seed) =>
        image.Element == PixelType.Single
            ? (_options with { CropRatio = 1 }).ToRecipe(image.Shape, seed) with
            {
                Normalization = InputSettings.Of(_options).Normalization(PixelType.Single),
            }
            : _options.ToRecipe(_options.ToPreprocessing().Shape, seed);

    private ModelManifest CreateManifest(ClassKeys keys, ImageColumn image, TrainingRecipe recipe) =>
        new()
        {
            Backbone = recipe.Backbone,
            Head = recipe.Head,
            ClassCount = keys.Count,
            IsMultilabel = _options.IsMultilabel,
            ClassNames = keys.ItemType is null ? null : keys.Names,
            Preprocessing = _options.ToPreprocessing() with { Shape = recipe.Input, CropRatio = recipe.CropRatio },
            Element = image.Element,
            Origin = image.Origin,
            TestTimeAugmentation =
                _options.TestTimeAugmentation == TestTimeAugmentation.TenCrop && image.Element == PixelType.Single
                    ? TestTimeAugmentation.Flip
                    : _options.TestTimeAugmentation,
            Mean = new float[recipe.Input.Channels],
            Std = new float[recipe.Input.Channels],
            FixedMask = recipe.Strategies.OfType<FixedMask>().FirstOrDefault()?.Kept,
            Recipe = ModelManifest.Describe(recipe),
            Versions = LibraryVersions.All,
        };

    private static ModelManifest WithOutcome(ModelManifest untrained, TrainingOutcome outcome) =>
        untrained with
        {
            Exits = outcome.Exits,
            Mean = outcome.Pixels.Mean,
            Std = outcome.Pixels.Std,
            Recipe = ModelManifest.Describe(outcome.Recipe),
            Epoch = outcome.Epoch,
            End = outcome.End,
            History = outcome.History,
            EarlierHistory = outcome.EarlierHistory,
        };

    private ScoringSettings Settings =>
        new()
        {
            ImageColumnName = _options.ImageColumnName,
            ScoreColumnName = _options.ScoreColumnName,
            PredictedLabelColumnName = _options.PredictedLabelColumnName,
            OnUnreadableImage = _options.OnUnreadableImage,
            MaxPixels = _options.MaxPixels,
            BatchSize = _options.ScoringBatchSize,
        };
}
