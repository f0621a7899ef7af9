using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Artifacts.Workspaces;
using Microsoft.ML.FeatureMining.MlNet.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.MlNet.Trainers;

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
            IsCancelled = () => IsCancelled,
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

    /// <exception cref="OperationCanceledException">Somebody has cancelled.</exception>
    public void CheckAlive()
    {
        options.CancellationToken.ThrowIfCancellationRequested();
        if (Internals.IsCancelled(host))
            throw new OperationCanceledException("The MLContext was cancelled.");
    }

    /// <exception cref="OperationCanceledException">The run was cancelled before there was a model, or where a model is not wanted then.</exception>
    public void CheckWorthKeeping(TrainingOutcome outcome)
    {
        if (outcome.End != TrainingEnd.Cancelled)
            return;
        if (options.OnCancel == CancelledFit.Throws || outcome.History.Count == 0 || Internals.IsCancelled(host))
            CheckAlive();
        Warn(FormattableString.Invariant($"Training was cancelled; the model is that of epoch {outcome.Epoch}."));
    }

    private bool IsCancelled => options.CancellationToken.IsCancellationRequested || Internals.IsCancelled(host);

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
