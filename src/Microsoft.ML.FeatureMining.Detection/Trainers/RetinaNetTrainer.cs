using Microsoft.ML.FeatureMining.Detection.Data;
using Microsoft.ML.FeatureMining.Detection.MlNet;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Trains an object detector, RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection"), on a backbone of this library. Created by
/// <c>mlContext.ObjectDetection().Trainers.RetinaNet</c>.
/// </summary>
/// <remarks>
/// <para>Input, by the conventions of Microsoft.ML.TorchSharp: a vector of labels (keys, or names), one per object; a vector of boxes (x0, y0, x1, y1 in pixels
/// per object); and an image as encoded bytes, MLImage or the path of a file. An image may have no objects. Output: PredictedLabel (a vector of keys),
/// PredictedBoundingBoxes (a vector of floats, four per object) and Score (a vector of floats, one per object), the best object first.</para>
/// <para>Each call of Fit trains a new network. The same seed on the same CPU with the same number of threads gives bit-identical weights.</para>
/// </remarks>
public sealed class RetinaNetTrainer : IEstimator<RetinaNetTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly RetinaNetOptions _options;
    private readonly long _seed;

    internal RetinaNetTrainer(IHostEnvironment environment, RetinaNetOptions options)
    {
        TorchLibrary.EnsureLoaded();
        OptionsCheck.Check(options);
        (_environment, _options) = (environment, options);
        _host = environment.Register("RetinaNet");
        _seed = options.Seed ?? (options.WorkspacePath is null ? _host.Rand.Next() : 0);
    }

    /// <summary>The input's columns, PredictedLabel, PredictedBoundingBoxes and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label, box or image column is missing or has another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return DetectionSchema.Shape(inputSchema, _options.LabelColumnName, _options.BoundingBoxColumnName, Settings);
    }

    /// <summary>Reads all rows and trains a network on them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label, box or image column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">Labels and boxes of a row do not match, a box is invalid or outside its image, or the backbone does not fit
    /// RetinaNet; the message names the row.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, no row has an object, or the GPU selected by MLContext.GpuDeviceId does not
    /// exist.</exception>
    /// <exception cref="Imaging.ImageDecodeException">An image cannot be read, and <see cref="ImageTrainerOptions.OnUnreadableImage"/> is Throw.</exception>
    /// <exception cref="InvalidDataException">The initial weights belong to another network, or the file is damaged.</exception>
    /// <exception cref="TrainingDivergedException">The loss became NaN or infinite.</exception>
    /// <exception cref="IOException">The workspace cannot be created or written, or another process trains the same run there.</exception>
    /// <exception cref="Distributed.RankFailedException">Another process of the job failed or does not answer.</exception>
    /// <exception cref="OperationCanceledException">The context was canceled; or the token was canceled before the first epoch finished, or
    /// <see cref="ImageTrainerOptions.OnCancellation"/> is Throw.</exception>
    public RetinaNetTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(Internals.ShapeOf(input.Schema));
        return FitJob.Run(_environment, _host, _options, run => Fit(run, run.Bind(input)));
    }

    private RetinaNetTransformer Fit(FitRun run, LabeledRows labeled)
    {
        ClassKeys keys = labeled.Label.Keys;
        long seed = run.Share(_seed);
        TrainingRecipe recipe = _options.ToRecipe(labeled.Image.Shape, seed);
        run.Info(InputSettings.Of(_options).Describe(recipe));
        OptionsCheck.Check(recipe.Problems());
        CheckNetwork(recipe);
        using TrainingRows rows = run.Alone(() => run.Read(labeled, seed));
        TrainingOutcome outcome = run.Train(
            recipe,
            rows,
            fit: (recipe, train, validation, host) => Train(recipe, train, validation, host, Loader(run, recipe, keys))
        );
        run.ThrowIfDiscarded(outcome);
        DetectorManifest manifest = new()
        {
            Backbone = recipe.Backbone,
            Network = _options.Network,
            ClassCount = keys.Count,
            ClassNames = keys.ItemType is null ? null : keys.Names,
            ImageSize = _options.ImageSize,
            Origin = labeled.Image.Origin,
            Mean = outcome.Pixels.Mean,
            Std = outcome.Pixels.Std,
            Recipe = ModelManifest.Describe(outcome.Recipe),
            Epoch = outcome.Epoch,
            End = outcome.End,
            History = outcome.History,
            SkippedImages = rows.Skipped,
            Versions = LibraryVersions.All,
        };
        return new RetinaNetTransformer(_environment, new SavedDetector(manifest, outcome.Weights), Settings.Bound(labeled.Image.Column.Name, keys.ItemName));
    }

    // Loads the weights of a detector; null if InitialWeights is something else.
    private static Action<RetinaNet>? Loader(FitRun run, TrainingRecipe recipe, ClassKeys keys) =>
        DetectorWeights.Find(recipe.InitialWeights) is { } weights
            ? network => run.Info(weights.Load(network, recipe.Backbone, keys.Names, recipe.AllowPartialWeights))
            : null;

    private static TrainingOutcome Train(TrainingRecipe recipe, ImageSet train, ImageSet? validation, TrainingHost host, Action<RetinaNet>? loadWeights) =>
        TrainingEngine.Run(
            recipe,
            DetectionTask.Problems(recipe, train, validation),
            host,
            random => new DetectionTask(recipe, train, validation, random, host, loadWeights)
        );

    // Before the images are read. A small image is enough to see whether the strides of the backbone fit.
    private static void CheckNetwork(TrainingRecipe recipe)
    {
        const int Side = 64;
        using TorchScope scope = new(gradients: false);
        using RetinaNet network = RetinaNet.Create(recipe.Backbone, recipe.Input.Channels, 1, ((DetectionRecipe)recipe.Task!).Network);
        network.eval();
        network.Predict(zeros([1, recipe.Input.Channels, Side, Side], ScalarType.Float32, CPU));
    }

    private DetectionSettings Settings =>
        new(
            new ScoringSettings
            {
                ImageColumnName = _options.ImageColumnName,
                ScoreColumnName = _options.ScoreColumnName,
                PredictedLabelColumnName = _options.PredictedLabelColumnName,
                OnUnreadableImage = _options.OnUnreadableImage,
                MaxPixels = _options.MaxPixels,
                BatchSize = _options.ScoringBatchSize,
            },
            _options.PredictedBoundingBoxColumnName
        );
}
