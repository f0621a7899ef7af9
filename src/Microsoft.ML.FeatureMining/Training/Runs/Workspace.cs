using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>The folder of a run in progress: its lock, checkpoints and logs.</summary>
internal sealed class Workspace : ICheckpointStore, IDisposable
{
    private readonly FolderLock _lock;
    private readonly RunLog _log;
    private readonly CheckpointFolder _checkpoints;
    private readonly CheckpointSchedule _schedule;
    private readonly TerminationSignal _signal;
    private readonly Action<string> _warn;
    private long _saved = Stopwatch.GetTimestamp();
    private long? _countedFrom;

    /// <param name="path">The folder of all runs; created if it does not exist.</param>
    /// <param name="key">The name of the run's subfolder.</param>
    /// <param name="schedule">When to save checkpoints.</param>
    /// <param name="warn">Receives warnings for the user.</param>
    /// <exception cref="IOException">The folder cannot be created or written, or another process has locked the same run.</exception>
    /// <exception cref="UnauthorizedAccessException">Access to the folder is denied.</exception>
    public Workspace(string path, string key, CheckpointSchedule schedule, Action<string> warn)
    {
        Folder = Directory.CreateDirectory(System.IO.Path.Combine(path, key)).FullName;
        _lock = new FolderLock(Folder, "run");
        try
        {
            _log = new RunLog(Folder, warn);
            (_schedule, _warn) = (schedule, LogAndWarn);
            _checkpoints = new CheckpointFolder(Folder, schedule.Keep, _warn);
            _checkpoints.RemoveUnfinished();
            _signal = new TerminationSignal();
        }
        catch
        {
            _lock.Dispose();
            throw;
        }

        if (!_lock.KeepsOthersOut())
        {
            _warn(
                $"There are no file locks in '{path}': do not start a second process with this workspace, because both would train and overwrite each other's checkpoints."
            );
        }

        void LogAndWarn(string text)
        {
            _log.Warning(text);
            warn(text);
        }
    }

    public string Folder { get; }

    /// <summary>Runs a training with its checkpoints and logs in this folder.</summary>
    /// <param name="description">The description of the run, for the log.</param>
    /// <param name="host">The environment of the run.</param>
    /// <param name="train">The training; receives the environment with this workspace as its checkpoint store.</param>
    public TrainingOutcome Record(object description, TrainingHost host, Func<TrainingHost, TrainingOutcome> train)
    {
        _log.Started(description);
        try
        {
            TrainingOutcome outcome = train(host with { Checkpoints = this, Progress = Progress, Warn = _warn });
            _log.Ended(outcome.End, outcome.Epoch);
            return outcome;
        }
        catch (Exception e)
        {
            _log.Failed(e);
            throw;
        }

        void Progress(TrainingProgress progress)
        {
            if (progress.Completed is { } epoch)
            {
                _log.Ended(epoch);
            }

            host.Progress?.Invoke(progress);
        }
    }

    public bool IsDue(long steps)
    {
        _countedFrom ??= steps;
        bool byStep = steps - _countedFrom >= _schedule.EverySteps;
        if (byStep)
        {
            _countedFrom = steps;
        }

        return byStep || _signal.IsWaiting || Stopwatch.GetElapsedTime(_saved) >= _schedule.Every;
    }

    public void Save(RunSnapshot snapshot)
    {
        try
        {
            _checkpoints.Save(snapshot);
            _log.Saved(snapshot.Position);
        }
        // .NET throws ArgumentOutOfRangeException if a file is too large for its file system.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            _warn($"Cannot write a checkpoint in '{Folder}'; training continues without it. {e.Message}");
        }

        _saved = Stopwatch.GetTimestamp();
        _signal.Answer();
    }

    public RunSnapshot? Load(Action<RunSnapshot> check)
    {
        if (_checkpoints.Load(check) is not { } found)
        {
            return null;
        }

        _log.Resumed(found.Snapshot.Position, System.IO.Path.GetFileName(found.Path));
        return found.Snapshot;
    }

    public void Dispose()
    {
        _signal.Dispose();
        _log.Dispose();
        _lock.Dispose();
    }
}

/// <summary>Computes the name of a run: the same recipe on the same images has the same name.</summary>
internal static class RunKey
{
    private const int NameBytes = 6;

    /// <param name="recipe">The recipe.</param>
    /// <param name="train">The training images.</param>
    /// <param name="validation">The validation images; null for none.</param>
    /// <param name="initial">Initial weights from an earlier run; null for none.</param>
    /// <param name="weights">The hash of the files of the initial weights that the recipe names; null if it names none.</param>
    public static string Of(TrainingRecipe recipe, ImageSet train, ImageSet? validation, NamedTensors? initial = null, string? weights = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(ModelManifest.Describe(Identity(recipe))));
        hash.AppendData(train.ContentHash());
        if (validation is not null)
        {
            hash.AppendData(validation.ContentHash());
        }

        foreach (NamedTensor tensor in initial?.Tensors ?? [])
        {
            hash.AppendData(tensor.Bytes);
        }

        if (weights is not null)
        {
            hash.AppendData(Encoding.ASCII.GetBytes(weights));
        }

        return "run-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, NameBytes));
    }

    // Resets settings that may change when a run is resumed.
    private static TrainingRecipe Identity(TrainingRecipe recipe) => recipe with { OnDivergence = default, ScoringBatchSize = 1, ReportEverySteps = 1 };
}
