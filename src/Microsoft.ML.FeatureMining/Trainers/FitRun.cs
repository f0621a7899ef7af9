using System.Globalization;
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

/// <summary>
/// One Fit of a trainer: reads the rows, and runs the engine once or several times, with the log, progress, cancellation and workspace that the options ask
/// for.
/// </summary>
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

    /// <summary>Reads the rows to train on and those to validate on.</summary>
    /// <param name="input">The rows to train on, and to draw validation rows from.</param>
    /// <param name="seed">Draws the validation rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not fit the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or all are of one class.</exception>
    public TrainingRows Read(IDataView input, long seed)
    {
        string labelName = options.LabelColumnName;
        LabelColumn label = options.IsMultilabel ? LabelSetColumn.Bind(input, labelName) : KeyLabelColumn.Bind(input.Schema, labelName);
        ImageColumn image = ImageColumn.Bind(input.Schema, options.ImageColumnName, Preprocessing, options.MaxPixels);
        LabeledRows rows = new(input, label, image, CheckAlive);
        StorageSettings storage = options.ToStorage();
        bool[]? heldOut = options.ValidationFraction is { } fraction
            ? StratifiedSplit.HeldOut(rows.ReadLabels(), fraction, new RandomStream(seed, "validation-split"))
            : null;
        (ImageSet train, ImageSet? validation, RowLedger ledger) = ReadImages("training", rows, storage, heldOut);
        try
        {
            CheckTrainable(train, ledger, label);
            if (options.ValidationSet is { } set)
            {
                // Both sets share the memory budget.
                StorageSettings left = storage with { MemoryBudget = Math.Max(0, storage.Budget - train.MemoryBytes) };
                (validation, _) = ReadMore("validation", set, label.Alike(set.Schema, labelName), image.Shape, left);
            }

            return validation is null or { Count: > 0 }
                ? new TrainingRows(label.Keys, train, validation, ledger.Unreadable.Count)
                : throw new InvalidOperationException("There is no row to validate on: none has both a label and an image that can be read.");
        }
        catch
        {
            train.Dispose();
            validation?.Dispose();
            throw;
        }
    }

    /// <summary>Reads patches to train on, each with one of the classes of <paramref name="rows"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    /// <exception cref="ArgumentException">The patches have another shape or other classes than the rows.</exception>
    /// <exception cref="InvalidOperationException">There are no patches.</exception>
    public TrainingRows ReadPatches(IDataView patches, string labelColumnName, TrainingRows rows)
    {
        KeyLabelColumn label = KeyLabelColumn.BindAlike(patches.Schema, labelColumnName, rows.Keys);
        (ImageSet images, RowLedger ledger) = ReadMore("patch", patches, label, rows.Train.Shape, options.ToStorage());
        if (images.Count > 0)
        {
            return new TrainingRows(rows.Keys, images.NormalizedLike(rows.Train), null, ledger.Unreadable.Count);
        }

        images.Dispose();
        throw new InvalidOperationException(
            "There is no patch to train on: none has both a label and an image that can be read. Give others in PatchSet, or set SwitchEpoch to 0.");
    }

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

    // Training takes its crops out of the uncropped image.
    private ImagePreprocessing Preprocessing => options.ToPreprocessing().Uncropped();

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

    // Rows with the classes and the image shape of the training rows.
    private (ImageSet Images, RowLedger Ledger) ReadMore(string role, IDataView view, LabelColumn label, ImageShape shape, StorageSettings storage)
    {
        ImageColumn image = ImageColumn.BindOrFiles(view.Schema, options.ImageColumnName, Preprocessing, options.MaxPixels);
        if (image.Shape != shape)
        {
            throw new ArgumentException(
                $"The images of the {role} rows, column '{image.Column.Name}', are {image.Shape}; those of the training rows are {shape}.", nameof(view));
        }

        (ImageSet images, _, RowLedger ledger) = ReadImages(role, new LabeledRows(view, label, image, CheckAlive), storage, heldOut: null);
        return (images, ledger);
    }

    private (ImageSet Images, ImageSet? HeldOut, RowLedger Ledger) ReadImages(string role, LabeledRows rows, StorageSettings storage, bool[]? heldOut)
    {
        (ImageSet Images, ImageSet? HeldOut, RowLedger Ledger) read = new ImageSetReader(options.OnUnreadableImage, storage, Warn).Read(rows, heldOut);
        try
        {
            ReportSkipped(role, rows.Image, read.Ledger);
            return read;
        }
        catch
        {
            read.Images.Dispose();
            throw;
        }
    }

    private void ReportSkipped(string role, ImageColumn image, RowLedger ledger)
    {
        if (ledger.Unreadable.Count > 0)
        {
            string causes = string.Join(Environment.NewLine, ledger.Causes.Select(cause => "- " + cause));
            if (ledger.Unreadable.Count > options.MaxSkippedFraction * ledger.Labels.Count)
            {
                throw new InvalidOperationException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"Of {ledger.Labels.Count} {role} rows {ledger.Unreadable.Count} have an image that cannot be read; MaxSkippedFraction is "
                    + $"{options.MaxSkippedFraction}. The first of them:{Environment.NewLine}{causes}"));
            }

            channel.Warning(MessageSensitivity.Schema | MessageSensitivity.UserData, string.Create(
                CultureInfo.InvariantCulture,
                $"{ledger.Unreadable.Count} {role} rows were skipped: their image in column '{image.Column.Name}' cannot be read. "
                + $"The first of them:{Environment.NewLine}{causes}"));
        }

        if (ledger.Unlabeled > 0)
        {
            Warn(FormattableString.Invariant($"{ledger.Unlabeled} {role} rows were skipped: they have no label, or one that is none of the classes."));
        }
    }

    private static void CheckTrainable(ImageSet train, RowLedger ledger, LabelColumn label)
    {
        if (train.Count == 0)
        {
            throw new InvalidOperationException(string.Create(
                CultureInfo.InvariantCulture,
                $"There is no row to train on: {ledger.Unlabeled} rows have no label in column '{label.Column.Name}' "
                + $"and the image of {ledger.Unreadable.Count} cannot be read."));
        }

        int[] classes = [.. train.Labels.Distinct().Take(2)];
        if (classes.Length == 1)
        {
            throw new InvalidOperationException(
                $"All rows have the label '{label.Describe(classes[0])}' in column '{label.Column.Name}'; at least two classes are required.");
        }
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

/// <summary>The images that a trainer was given.</summary>
/// <param name="Keys">The classes.</param>
/// <param name="Train">The images to train on.</param>
/// <param name="Validation">The images to validate on; null for none.</param>
/// <param name="Skipped">Training rows whose image cannot be read.</param>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped) : IDisposable
{
    public void Dispose()
    {
        Train.Dispose();
        Validation?.Dispose();
    }
}
