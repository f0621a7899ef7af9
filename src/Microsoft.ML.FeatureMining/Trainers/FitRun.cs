using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Runs;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>One Fit of a trainer: runs the engine, once or several times, with the log, the progress, the cancellation and the workspace that the options ask for.</summary>
internal sealed class FitRun(IHost host, IChannel channel, ImageClassificationOptions options, torch.Device device)
{
    /// <param name="recipe">How to train.</param>
    /// <param name="rows">What on.</param>
    /// <param name="begin">The weights to begin with, of the same network; null for those that the recipe says.</param>
    public TrainingOutcome Train(TrainingRecipe recipe, TrainingRows rows, NamedTensors? begin = null)
    {
        Info(FormattableString.Invariant(
            $"Training {recipe.Backbone} on {rows.Train.Count} images {recipe.Input} of {rows.Keys.Count} classes, validating on {rows.Validation?.Count ?? 0}, on {device}"));
        TrainingHost surroundings = new(device)
        {
            Progress = Report,
            Notice = Warn,
            IsCanceled = () => IsCanceled,
            LoadWeights = begin is not null ? begin.CopyTo
                : recipe.InitialWeights is { } file ? network => Info($"Initial weights '{file}': {WeightLoader.Load(file, network)}")
                : null,
        };
        if (options.WorkspacePath is not { } path)
            return TrainingEngine.Fit(recipe, rows.Train, rows.Validation, surroundings);
        CheckpointSchedule schedule = new() { EverySteps = options.CheckpointEverySteps, Every = options.CheckpointEvery, Keep = options.KeepCheckpoints };
        using Workspace workspace = new(path, RunKey.Of(recipe, rows.Train, rows.Validation, begin), schedule, Warn);
        Info($"The run's folder is '{workspace.Folder}'");
        return workspace.Record(Describe(recipe, rows), surroundings, recording => TrainingEngine.Fit(recipe, rows.Train, rows.Validation, recording));
    }

    /// <summary>Reads further rows to train on, each of one class of the others.</summary>
    public TrainingRows ReadPatches(IDataView patches, string labelColumnName, TrainingRows rows) => rows.ReadPatches(patches, labelColumnName, options, channel, CheckAlive);

    public void Info(string text) => channel.Info(MessageSensitivity.None, text);

    /// <exception cref="OperationCanceledException">Somebody has canceled.</exception>
    public void CheckAlive()
    {
        options.CancellationToken.ThrowIfCancellationRequested();
        if (Internals.IsCanceled(host))
            throw new OperationCanceledException("The MLContext was canceled.");
    }

    /// <exception cref="OperationCanceledException">The run was canceled before there was a model, or where a model is not wanted then.</exception>
    public void CheckWorthKeeping(TrainingOutcome outcome)
    {
        if (outcome.End != TrainingEnd.Canceled)
            return;
        if (options.OnCancellation == CancellationBehavior.Throw || outcome.History.Count == 0 || Internals.IsCanceled(host))
            CheckAlive();
        Warn(FormattableString.Invariant($"Training was canceled; the model is that of epoch {outcome.Epoch}."));
    }

    private bool IsCanceled => options.CancellationToken.IsCancellationRequested || Internals.IsCanceled(host);

    private void Warn(string text) => channel.Warning(MessageSensitivity.None, text);

    private void Report(TrainingProgress progress)
    {
        if (progress.Completed is { } epoch)
        {
            string validation = epoch.ValidationAccuracy is { } accuracy
                ? FormattableString.Invariant($", validation loss {epoch.ValidationLoss:F4}, accuracy {accuracy:P2}")
                : "";
            Info(FormattableString.Invariant(
                $"Epoch {epoch.Epoch}/{progress.Epochs}: loss {epoch.TrainLoss:F4}, accuracy {epoch.TrainAccuracy:P2}{validation}, learning rate {epoch.LearningRate:G3}, {epoch.Seconds:F1} s"));
        }
        options.Progress?.Invoke(progress);
    }

    private object Describe(TrainingRecipe recipe, TrainingRows rows) => new
    {
        Recipe = ArtifactManifest.Describe(recipe),
        TrainingImages = rows.Train.Count,
        ValidationImages = rows.Validation?.Count ?? 0,
        Classes = rows.Keys.Count,
        rows.Skipped,
        Device = device.ToString(),
        Threads = torch.get_num_threads(),
        Determinism = device.type == DeviceType.CPU
            ? FormattableString.Invariant($"The same seed gives the same bits on this CPU with {torch.get_num_threads()} threads; another number adds up the gradients of kernels and BatchNorm in another order.")
            : "The same seed gives the same draws, but not the same bits: sums on a GPU have no fixed order.",
        Versions = LibraryVersions.All,
    };
}

/// <summary>What a trainer was given, read and found fit to train on.</summary>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped, IReadOnlyList<IDisposable> Held) : IDisposable
{
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or all are of one class.</exception>
    public static TrainingRows Read(IDataView rows, ImageClassificationOptions options, long seed, IChannel channel, Action checkAlive)
    {
        LabelColumn label = options.IsMultilabel ? LabelSetColumn.Bind(rows, options.LabelColumnName) : KeyLabelColumn.Bind(rows.Schema, options.LabelColumnName);
        ImageColumn image = BindImage(rows.Schema, options);
        LabeledRowReader reader = new(label, image, checkAlive);
        StorageSettings storage = options.ToStorage();
        Func<StratifiedSplit>? newSplit = null;
        if (options.ValidationFraction is { } fraction)
        {
            int[] counts = reader.CountRows(rows);
            newSplit = () => new StratifiedSplit(counts, fraction, new RandomStream(seed, "validation-split"));
        }
        LabeledImages read = new LabeledImageReader(reader, options.OnUnreadableImage, storage, Warn).Read(rows, newSplit);
        LabeledImages? validation = null;
        try
        {
            Report(channel, "training", image, read, options.MaxSkippedFraction);
            CheckTrainable(read, label);
            // Both sets share the budget.
            StorageSettings left = storage with { MemoryBudget = Math.Max(0, storage.Budget - read.MemoryBytes) };
            if (options.ValidationSet is { } set)
            {
                validation = ReadFurther(set, label.Alike(set.Schema, options.LabelColumnName), "validation", image.Shape, options, left, channel, checkAlive);
            }
            ImageSet? validated = validation?.Images ?? read.HeldOut;
            if (validated is { Count: 0 })
                throw new InvalidOperationException("There is no row to validate on.");
            return new TrainingRows(label.Keys, read.Images, validated, read.Ledger.Unreadable.Count, [read, .. validation is null ? [] : (IDisposable[])[validation]]);
        }
        catch
        {
            read.Dispose();
            validation?.Dispose();
            throw;
        }

        void Warn(string text) => channel.Warning(MessageSensitivity.None, text);
    }

    /// <summary>Reads further rows to train on, each of one class of these.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The rows do not fit these.</exception>
    /// <exception cref="InvalidOperationException">There are no rows.</exception>
    public TrainingRows ReadPatches(IDataView patches, string labelColumnName, ImageClassificationOptions options, IChannel channel, Action checkAlive)
    {
        KeyLabelColumn label = KeyLabelColumn.BindAlike(patches.Schema, labelColumnName, Keys);
        LabeledImages read = ReadFurther(patches, label, "patch", Train.Shape, options, options.ToStorage(), channel, checkAlive);
        if (read.Images.Count > 0)
            return new TrainingRows(Keys, read.Images.NormalizedLike(Train), null, read.Ledger.Unreadable.Count, [read]);
        read.Dispose();
        throw new InvalidOperationException("There is no patch to train on.");
    }

    /// <summary>Lets go of the images.</summary>
    public void Dispose()
    {
        foreach (IDisposable images in Held)
            images.Dispose();
    }

    private static ImageColumn BindImage(DataViewSchema schema, ImageClassificationOptions options, bool orFiles = false)
    {
        ImagePreprocessing preprocessing = options.ToPreprocessing().Uncropped();
        return orFiles
            ? ImageColumn.BindOrFiles(schema, options.ImageColumnName, preprocessing, options.MaxPixels)
            : ImageColumn.Bind(schema, options.ImageColumnName, preprocessing, options.MaxPixels);
    }

    /// <summary>Reads further rows of the same classes.</summary>
    private static LabeledImages ReadFurther(
        IDataView rows, LabelColumn label, string role, ImageShape shape, ImageClassificationOptions options, StorageSettings storage, IChannel channel, Action checkAlive)
    {
        ImageColumn image = BindImage(rows.Schema, options, orFiles: true);
        if (image.Shape != shape)
            throw new ArgumentException($"The images of the {role} rows are {image.Shape}, those of the training rows {shape}.", nameof(rows));
        LabeledRowReader reader = new(label, image, checkAlive);
        LabeledImages read = new LabeledImageReader(reader, options.OnUnreadableImage, storage, text => channel.Warning(MessageSensitivity.None, text)).Read(rows);
        try
        {
            Report(channel, role, image, read, options.MaxSkippedFraction);
            return read;
        }
        catch
        {
            read.Dispose();
            throw;
        }
    }

    private static void Report(IChannel channel, string role, ImageColumn image, LabeledImages read, double maxSkippedFraction)
    {
        RowLedger ledger = read.Ledger;
        if (ledger.Unreadable.Count > 0)
        {
            string causes = string.Join(Environment.NewLine, ledger.Causes.Select(cause => "- " + cause));
            if (ledger.Unreadable.Count > maxSkippedFraction * ledger.Labels.Count)
            {
                throw new InvalidOperationException(FormattableString.Invariant(
                    $"Of {ledger.Labels.Count} {role} rows {ledger.Unreadable.Count} have an image that cannot be read; MaxSkippedFraction is {maxSkippedFraction}. The first of them:{Environment.NewLine}{causes}"));
            }
            channel.Warning(MessageSensitivity.Schema | MessageSensitivity.UserData, FormattableString.Invariant(
                $"{ledger.Unreadable.Count} {role} rows were left out: their image in column '{image.Column.Name}' cannot be read. The first of them:{Environment.NewLine}{causes}"));
        }
        if (ledger.Unlabeled > 0)
            channel.Warning(MessageSensitivity.None, FormattableString.Invariant($"{ledger.Unlabeled} {role} rows were left out: they have no label, or one that is no class."));
    }

    private static void CheckTrainable(LabeledImages read, LabelColumn label)
    {
        if (read.Images.Count == 0)
        {
            throw new InvalidOperationException(FormattableString.Invariant(
                $"There is no row to train on: {read.Ledger.Unlabeled} rows have no label and the image of {read.Ledger.Unreadable.Count} cannot be read."));
        }
        int[] classes = [.. read.Images.Labels.Distinct().Take(2)];
        if (classes.Length == 1)
            throw new InvalidOperationException($"All rows have the label '{label.Describe(classes[0])}' in column '{label.Column.Name}': telling classes apart takes at least two.");
    }
}
