using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Artifacts.Workspaces;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Trains an image classifier from scratch with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). Made by
/// <c>mlContext.MulticlassClassification.Trainers.FeatureMining</c>.
/// </summary>
/// <remarks>
/// <para>Input: a label that is a key, and pictures as encoded bytes, planar floats or MLImage. Output: PredictedLabel, the label's key; Score, the probabilities.</para>
/// <para>Rows without a label are left out and counted in a warning. Every Fit starts afresh; with the same seed, on the same CPU, it gives the same bits.</para>
/// </remarks>
public sealed class FeatureMiningImageClassificationTrainer : IEstimator<ImageClassificationTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly IHost _host;
    private readonly FeatureMiningOptions _options;
    private readonly long _seed;

    internal FeatureMiningImageClassificationTrainer(IHostEnvironment environment, FeatureMiningOptions options)
    {
        FeatureMiningOptionsCheck.Check(options);
        (_environment, _options) = (environment, options);
        _host = environment.Register("FeatureMining");
        _seed = options.Seed ?? (options.WorkspacePath is null ? _host.Rand.Next() : 0);
    }

    /// <summary>The input's columns, Score and PredictedLabel, with the annotations of ML.NET's own classifiers.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label or the image column is missing or of another type.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return ScoreSchema.Shape(inputSchema, _options);
    }

    /// <summary>Reads all rows and trains a network on them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The label or the image column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, all are of one class, or the GPU that the context names is not there.</exception>
    /// <exception cref="ImageDecodeException">An image cannot be read, and <see cref="FeatureMiningOptions.UnreadableImages"/> is Throw.</exception>
    /// <exception cref="InvalidDataException">The initial weights are of another network, or damaged.</exception>
    /// <exception cref="TrainingDivergedException">The loss became infinite or no number.</exception>
    /// <exception cref="IOException">The workspace cannot be made or written, or another process is at the same run there; the message names it.</exception>
    /// <exception cref="OperationCanceledException">The context was cancelled; or the token was, before an epoch was finished or where <see cref="FeatureMiningOptions.OnCancel"/> says so.</exception>
    public ImageClassificationTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        GetOutputSchema(Internals.ShapeOf(input.Schema));
        using IChannel channel = _host.Start("Training");
        TrainingRows rows = TrainingRows.Read(input, _options, _seed, channel, CheckAlive);
        TrainingRecipe recipe = _options.ToRecipe(rows.Train.Shape, _seed);
        torch.Device device = ComputeDevice.Of(_environment);
        channel.Info(MessageSensitivity.None, FormattableString.Invariant(
            $"Training {recipe.Backbone} on {rows.Train.Count} images {recipe.Input} of {rows.Keys.Count} classes, validating on {rows.Validation?.Count ?? 0}, on {device}"));
        TrainingOutcome outcome = Train(recipe, rows, device, channel);
        if (outcome.End == TrainingEnd.Cancelled)
            CheckWorthKeeping(outcome, channel);
        return new ImageClassificationTransformer(_environment, ArtifactOf(recipe, rows, outcome), SettingsOf(rows.Keys));
    }

    private TrainingOutcome Train(TrainingRecipe recipe, TrainingRows rows, torch.Device device, IChannel channel)
    {
        TrainingHost host = new(device)
        {
            Progress = progress => Report(progress, channel),
            Notice = Warn,
            IsCancelled = () => IsCancelled,
            LoadWeights = recipe.InitialWeights is { } file
                ? network => channel.Info(MessageSensitivity.None, $"Initial weights '{file}': {WeightLoader.Load(file, network)}")
                : null,
        };
        if (_options.WorkspacePath is not { } path)
            return TrainingEngine.Fit(recipe, rows.Train, rows.Validation, host);
        CheckpointSchedule schedule = new() { EverySteps = _options.CheckpointEverySteps, Every = _options.CheckpointEvery, Keep = _options.KeepCheckpoints };
        using Workspace workspace = new(path, RunKey.Of(recipe, rows.Train, rows.Validation), schedule, Warn);
        channel.Info(MessageSensitivity.None, $"The run's folder is '{workspace.Folder}'");
        return workspace.Record(Describe(recipe, rows, device), host, recording => TrainingEngine.Fit(recipe, rows.Train, rows.Validation, recording));

        void Warn(string text) => channel.Warning(MessageSensitivity.None, text);
    }

    private static object Describe(TrainingRecipe recipe, TrainingRows rows, torch.Device device) => new
    {
        Recipe = ArtifactManifest.Describe(recipe),
        TrainingImages = rows.Train.Count,
        ValidationImages = rows.Validation?.Count ?? 0,
        Classes = rows.Keys.Count,
        rows.Skipped,
        Device = device.ToString(),
        Threads = torch.get_num_threads(),
        Versions = LibraryVersions.All,
    };

    private bool IsCancelled => _options.CancellationToken.IsCancellationRequested || Internals.IsCancelled(_host);

    private void CheckAlive()
    {
        _options.CancellationToken.ThrowIfCancellationRequested();
        if (Internals.IsCancelled(_host))
            throw new OperationCanceledException("The MLContext was cancelled.");
    }

    private void CheckWorthKeeping(TrainingOutcome outcome, IChannel channel)
    {
        if (_options.OnCancel == CancelledFit.Throws || outcome.History.Count == 0 || Internals.IsCancelled(_host))
            CheckAlive();
        channel.Warning(MessageSensitivity.None, FormattableString.Invariant($"Training was cancelled; the model is that of epoch {outcome.Epoch}."));
    }

    private void Report(TrainingProgress progress, IChannel channel)
    {
        if (progress.Completed is { } epoch)
        {
            string validation = epoch.ValidationAccuracy is { } accuracy
                ? FormattableString.Invariant($", validation loss {epoch.ValidationLoss:F4}, accuracy {accuracy:P2}")
                : "";
            channel.Info(MessageSensitivity.None, FormattableString.Invariant(
                $"Epoch {epoch.Epoch}/{progress.Epochs}: loss {epoch.TrainLoss:F4}, accuracy {epoch.TrainAccuracy:P2}{validation}, learning rate {epoch.LearningRate:G3}, {epoch.Seconds:F1} s"));
        }
        _options.Progress?.Invoke(progress);
    }

    private ModelArtifact ArtifactOf(TrainingRecipe recipe, TrainingRows rows, TrainingOutcome outcome)
    {
        ArtifactManifest manifest = new()
        {
            Backbone = recipe.Backbone,
            ClassCount = rows.Keys.Count,
            ClassNames = rows.Keys.ItemType is null ? null : rows.Keys.Names,
            Preprocessing = new ImagePreprocessing { Shape = recipe.Input, Resize = _options.Resize },
            Element = rows.Train.Element,
            Mean = outcome.Pixels.Mean,
            Deviation = outcome.Pixels.Std,
            Recipe = ArtifactManifest.Describe(recipe),
            Epoch = outcome.Epoch,
            End = outcome.End,
            History = outcome.History,
            SkippedImages = rows.Skipped,
            Versions = LibraryVersions.All,
        };
        return new ModelArtifact(manifest, outcome.Weights);
    }

    private ScoringSettings SettingsOf(ClassKeys keys) => new()
    {
        ImageColumnName = _options.ImageColumnName,
        ScoreColumnName = _options.ScoreColumnName,
        PredictedLabelColumnName = _options.PredictedLabelColumnName,
        UnreadableImages = _options.UnreadableImages,
        MaxPixels = _options.MaxPixels,
        BatchSize = _options.ScoringBatchSize,
        KeyValues = keys.ItemName,
    };
}
