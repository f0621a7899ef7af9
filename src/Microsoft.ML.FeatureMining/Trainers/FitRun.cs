using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
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
/// One Fit of a trainer: reads the rows and runs the training engine, once or several times, with the log, progress, cancellation and workspace that the
/// options specify.
/// </summary>
internal sealed class FitRun(IHost host, IChannel channel, ImageTrainerOptions options, torch.Device device, ICommunicator ranks, JobFolder? jobFolder = null)
{
    private const int MaxUnknown = 5;
    private const int FewSteps = 2;

    // Of the training rows.
    private ImageOrigin? _origin;

    /// <param name="recipe">The training recipe.</param>
    /// <param name="rows">The rows to train on.</param>
    /// <param name="before">The phase before, whose weights and optimizer it continues; null to start with the weights that the recipe specifies.</param>
    /// <param name="fit">Trains; null for the engine of classifiers.</param>
    public TrainingOutcome Train(TrainingRecipe recipe, TrainingRows rows, TrainingOutcome? before = null, TrainingFit? fit = null)
    {
        jobFolder?.DeleteOpened();
        fit ??= TrainingEngine.Fit;
        NamedTensors? initial = before?.Weights;
        Info(
            string.Create(
                CultureInfo.InvariantCulture,
                $"Training {recipe.Backbone} on {device}{(recipe.Precision == Precision.Float32 ? "" : $" in {recipe.Precision}")}: {rows.Train.Count} training images ({recipe.Input}), "
                    + $"{rows.Validation?.Count ?? 0} validation images, {rows.Keys.Count} classes"
            )
        );
        TrainingHost trainingHost = new(device)
        {
            Ranks = ranks,
            Progress = ranks.Rank == 0 ? Report : null,
            Warn = Warn,
            Started = (parameters, steps) => Info(Plan(recipe, parameters, steps)),
            IsCanceled = () => IsCanceled,
            LoadWeights =
                initial is not null ? initial.CopyTo
                : recipe.InitialWeights is { } weights ? network => Load(weights, recipe, network)
                : null,
            Optimizer = before?.Optimizer,
            LoadTeacher = (paths, normalization) => LoadTeacher(paths, rows, normalization),
        };
        if (JobChecks.IdleRanks(recipe, ranks.World) is { } idle)
        {
            Warn(idle);
        }

        // A path may get other weights.
        bool isNamed = options.WorkspacePath is not null || ranks.World > 1;
        string? contents =
            isNamed && initial is null && recipe.InitialWeights is { } name && options.FindWeights(name).Path is { } file ? TeacherFiles.Hash([file]) : null;
        if (options.WorkspacePath is not { } path)
        {
            JobChecks.Key(recipe, rows, initial, contents, ranks);
            return fit(recipe, rows.Train, rows.Validation, trainingHost);
        }

        CheckpointSchedule schedule = new()
        {
            EverySteps = options.CheckpointEverySteps,
            Every = options.CheckpointEvery,
            Keep = options.KeepCheckpoints,
        };
        string key = JobChecks.Key(recipe, rows, initial, contents, ranks) ?? RunKey.Of(recipe, rows.Train, rows.Validation, initial, contents);
        if (ranks.Rank > 0)
        {
            return Fit(trainingHost);
        }

        using Workspace workspace = new(path, key, schedule, Warn);
        Info($"Run folder: '{workspace.Folder}'");
        return workspace.Record(Describe(recipe, rows), trainingHost, Fit);

        TrainingOutcome Fit(TrainingHost host)
        {
            using SharedCheckpoints? shared = ranks.World > 1 ? new(host.Checkpoints, ranks) : null;
            return fit(recipe, rows.Train, rows.Validation, host with { Checkpoints = shared ?? host.Checkpoints });
        }
    }

    /// <summary>Returns the number of rank 0.</summary>
    public long Share(long number)
    {
        ranks.Broadcast(MemoryMarshal.AsBytes(new Span<long>(ref number)));
        return number;
    }

    /// <summary>Finds the columns of the training rows. Reads no images.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    public LabeledRows Bind(IDataView input) =>
        new(
            input,
            options.BindLabel(input),
            ImageColumn.Bind(input.Schema, ImageColumn.TrainingName(input.Schema, options.ImageColumnName), Preprocessing, options.MaxPixels),
            ThrowIfCanceled
        );

    /// <summary>Reads the training and validation rows.</summary>
    /// <param name="rows">The training rows, from which ValidationFraction draws validation rows.</param>
    /// <param name="seed">The seed that selects the validation rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">The validation set does not match the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no rows, or all rows have the same class.</exception>
    public TrainingRows Read(LabeledRows rows, long seed)
    {
        LabelColumn label = rows.Label;
        _origin = rows.Image.Origin;
        StorageSettings storage = Storage;
        bool[]? heldOut = options.ValidationFraction is { } fraction
            ? StratifiedSplit.HeldOut(Array.ConvertAll(rows.ReadLabels(), label.StratumOf), fraction, new RandomStream(seed, "validation-split"))
            : null;
        (ImageSet train, ImageSet? validation, RowLedger ledger) = ReadImages("training", rows, storage, heldOut);
        try
        {
            TrainingRows.CheckTrainable(train, ledger, label);
            if (options.ValidationSet is { } set)
            {
                // Both sets share the memory budget.
                StorageSettings left = storage with
                {
                    MemoryBudget = Math.Max(0, storage.Budget - train.MemoryBytes),
                };
                (validation, _) = ReadMore("validation", set, label.BindTo(set.Schema, options.LabelColumnName), rows.Image.Shape, left);
            }

            return validation is null or { Count: > 0 }
                ? new TrainingRows(label.Keys, train, validation, ledger.Unreadable.Count)
                : throw new InvalidOperationException(
                    "There are no validation rows with a label and a readable image. Check ValidationSet or ValidationFraction."
                );
        }
        catch
        {
            train.Dispose();
            validation?.Dispose();
            throw;
        }
    }

    /// <summary>Reads the patches. Their classes are those of <paramref name="rows"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="ArgumentException">The patches have another shape or other classes than the training rows.</exception>
    /// <exception cref="InvalidOperationException">There are no patches.</exception>
    public TrainingRows ReadPatches(IDataView patches, string labelColumnName, TrainingRows rows)
    {
        KeyLabelColumn label = KeyLabelColumn.BindWithKeys(patches.Schema, labelColumnName, rows.Keys);
        (ImageSet images, RowLedger ledger) = ReadMore(
            "patch",
            patches,
            label,
            rows.Train.Shape,
            Storage,
            ImageColumn.PatchesName(patches.Schema, options.ImageColumnName)
        );
        if (images.Count > 0)
        {
            return new TrainingRows(rows.Keys, images.NormalizedLike(rows.Train), null, ledger.Unreadable.Count);
        }

        images.Dispose();
        throw new InvalidOperationException(
            "PatchSet has no rows with a known label and a readable image. Check PatchSet and PatchLabelColumnName, or set SwitchEpoch to 0."
        );
    }

    /// <summary>Does what each rank does by itself. If it fails, the other ranks do not wait for this one.</summary>
    public T Alone<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e)
        {
            ranks.Abort(NativeError.FirstLine(e));
            throw;
        }
    }

    /// <summary>Writes details that only a developer needs.</summary>
    public void Trace(string text) => channel.Trace(MessageSensitivity.None, text);

    /// <summary>Writes to the log, on rank 0.</summary>
    public void Info(string text)
    {
        if (ranks.Rank == 0)
        {
            channel.Info(MessageSensitivity.None, text);
        }
    }

    /// <exception cref="OperationCanceledException">The token or the MLContext was canceled.</exception>
    public void ThrowIfCanceled()
    {
        options.CancellationToken.ThrowIfCancellationRequested();
        if (Internals.IsCanceled(host))
        {
            throw new OperationCanceledException("The MLContext was canceled.");
        }
    }

    /// <exception cref="OperationCanceledException">The run was canceled and its model is not returned: no epoch has finished, OnCancellation is Throw, or the
    /// MLContext was canceled.</exception>
    public void ThrowIfDiscarded(TrainingOutcome outcome)
    {
        if (outcome.End != TrainingEnd.Canceled)
        {
            return;
        }

        if (options.OnCancellation == CancellationBehavior.Throw || outcome.History.Count == 0 || Internals.IsCanceled(host))
        {
            ThrowIfCanceled();
            throw new OperationCanceledException("Another process of the job was canceled.");
        }

        Warn(FormattableString.Invariant($"Training was canceled; the returned model has the weights of epoch {outcome.Epoch}."));
    }

    private void Load(string weights, TrainingRecipe recipe, ImageNetwork network)
    {
        WeightReport report = WeightLoader.Load(options.FindWeights(weights), network, recipe.Backbone, recipe.AllowPartialWeights);
        Info($"Initial weights from '{weights}': {(recipe.Task is null ? report : report.OfBackbone(network.Backbone))}");
    }

    // Training crops the uncropped image itself.
    private ImagePreprocessing Preprocessing => options.ToPreprocessing().Uncropped();

    private StorageSettings Storage => options.ToStorage().SharedBy(DistributedJob.LocalWorld);

    private bool IsCanceled => options.CancellationToken.IsCancellationRequested || Internals.IsCanceled(host);

    private static string Plan(TrainingRecipe recipe, long parameters, int steps)
    {
        if (recipe.Epochs == 0)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{parameters:N0} parameters. The head is fitted to the features of the frozen backbone.");
        }

        string few = steps <= FewSteps ? " With so few steps per epoch the network learns slowly; a smaller BatchSize gives more." : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{parameters:N0} parameters, {recipe.Epochs} {(recipe.Epochs == 1 ? "epoch" : "epochs")} of {steps} {(steps == 1 ? "step" : "steps")} of at most {recipe.ImagesPerStep} images{(recipe.FineTuning.FitHead ? ", after the head is fitted" : "")}.{few}"
        );
    }

    private void Warn(string text) => Warn(MessageSensitivity.None, text);

    private void Warn(MessageSensitivity sensitivity, string text)
    {
        if (ranks.Rank == 0)
        {
            channel.Warning(sensitivity, text);
        }
    }

    private void Report(TrainingProgress progress)
    {
        if (progress.Completed is { } epoch)
        {
            Info(FormattableString.Invariant($"{(epoch.Epoch == 0 ? "Head" : $"Epoch {epoch.Epoch}/{progress.Epochs}")}: {epoch.Summary()}"));
        }
        options.Progress?.Invoke(progress);
    }

    // Reads rows that must have the classes and the image shape of the training rows.
    private (ImageSet Images, RowLedger Ledger) ReadMore(
        string role,
        IDataView view,
        LabelColumn label,
        ImageShape shape,
        StorageSettings storage,
        string? imageColumnName = null
    )
    {
        ImageColumn image = ImageColumn.BindOrUsual(view.Schema, imageColumnName ?? options.ImageColumnName, Preprocessing, options.MaxPixels);
        if (image.Shape != shape)
        {
            throw new ArgumentException(
                $"The images of the {role} rows (column '{image.Column.Name}') have shape {image.Shape}, those of the training rows {shape}; "
                    + "both must be equal.",
                nameof(view)
            );
        }

        if (image.OriginWarning(_origin) is { } warning)
        {
            Warn(warning);
        }

        (ImageSet images, _, RowLedger ledger) = ReadImages(role, new LabeledRows(view, label, image, ThrowIfCanceled), storage, heldOut: null);
        return (images, ledger);
    }

    private (ImageSet Images, ImageSet? HeldOut, RowLedger Ledger) ReadImages(string role, LabeledRows rows, StorageSettings storage, bool[]? heldOut)
    {
        StorageSettings shared = jobFolder is null ? storage : storage.In(jobFolder.Path, role);
        (ImageSet Images, ImageSet? HeldOut, RowLedger Ledger) read = new ImageSetReader(options.OnUnreadableImage, shared, Warn).Read(rows, heldOut);
        try
        {
            ReportSkipped(role, rows, read.Ledger);
            return read;
        }
        catch
        {
            read.Images.Dispose();
            throw;
        }
    }

    private void ReportSkipped(string role, LabeledRows rows, RowLedger ledger)
    {
        if (ledger.Unreadable.Count > 0)
        {
            string causes = string.Join(Environment.NewLine, ledger.Causes.Select(cause => "- " + cause));
            if (ledger.Unreadable.Count > options.MaxSkippedFraction * ledger.Labels.Count)
            {
                throw new InvalidOperationException(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The images of {ledger.Unreadable.Count} of {ledger.Labels.Count} {role} rows cannot be read, more than MaxSkippedFraction "
                            + $"({options.MaxSkippedFraction}) allows. The first of them:{Environment.NewLine}{causes}"
                    )
                );
            }

            Warn(
                MessageSensitivity.Schema | MessageSensitivity.UserData,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{ledger.Unreadable.Count} {role} rows were skipped because their image in column '{rows.Image.Column.Name}' cannot be read. "
                        + $"The first of them:{Environment.NewLine}{causes}"
                )
            );
        }

        if (ledger.Unlabeled > 0 || !(rows.Label.IsClass || rows.Label.Unknown.Count == 0))
        {
            string[] unknown =
            [
                .. rows
                    .Label.Unknown.Keys.Take(MaxUnknown)
                    .Select(name => rows.Label.Lookup.Similar(name) is { } similar ? $"'{name}' (there is a class '{similar}')" : $"'{name}'"),
            ];
            string names = unknown.Length > 0 ? $" Unknown: {string.Join(", ", unknown)}." : "";
            Warn(
                rows.Label.IsClass
                    ? FormattableString.Invariant($"{ledger.Unlabeled} {role} rows were skipped because their label is missing or is not a known class.{names}")
                    : $"Objects of {role} rows were left out because their class is not a known class.{names}"
            );
        }
    }

    private Teacher LoadTeacher(IReadOnlyList<string> paths, TrainingRows rows, ChannelStatistics normalization)
    {
        Info($"Teacher: {string.Join(", ", paths)}");
        return new TeacherLoader(rows.Train, rows.Keys.ItemType is null ? null : rows.Keys.Names, device).Load(TeacherFiles.Read(paths), normalization);
    }

    private object Describe(TrainingRecipe recipe, TrainingRows rows) =>
        new
        {
            Recipe = ModelManifest.Describe(recipe),
            TrainingImages = rows.Train.Count,
            ValidationImages = rows.Validation?.Count ?? 0,
            Classes = rows.Keys.Count,
            rows.Skipped,
            Device = device.ToString(),
            Threads = torch.get_num_threads(),
            Determinism = device.type == DeviceType.CPU
                ? FormattableString.Invariant($"The same seed gives bit-identical weights on this CPU with {torch.get_num_threads()} threads; ")
                    + "with another number of threads, sums are computed in another order."
                : "The same seed draws the same random numbers, but weights are not bit-identical: sums on a GPU have no fixed order.",
            Versions = LibraryVersions.All,
        };
}
