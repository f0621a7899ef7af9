using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>The folder of one run, for as long as it is under way: its lock, its checkpoints, its logs.</summary>
internal sealed class Workspace : ICheckpointStore, IDisposable
{
    private readonly FolderLock _lock;
    private readonly RunLog _log;
    private readonly CheckpointFolder _checkpoints;
    private readonly CheckpointSchedule _schedule;
    private readonly TerminationSignal _signal;
    private readonly Action<string> _notice;
    private long _saved = Stopwatch.GetTimestamp();
    private long? _countedFrom;

    /// <param name="path">The folder of all runs; made where it is not there.</param>
    /// <param name="key">The run's name in it.</param>
    /// <param name="schedule">When to save.</param>
    /// <param name="notice">Told what the user should know of.</param>
    /// <exception cref="IOException">The folder cannot be made or written, or another process is at the same run.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be made or written.</exception>
    public Workspace(string path, string key, CheckpointSchedule schedule, Action<string> notice)
    {
        Folder = Directory.CreateDirectory(System.IO.Path.Combine(path, key)).FullName;
        _lock = new FolderLock(Folder, "run");
        _log = new RunLog(Folder, notice);
        (_schedule, _notice) = (schedule, Noticed);
        _checkpoints = new CheckpointFolder(Folder, schedule.Keep, _notice);
        _checkpoints.RemoveUnfinished();
        _signal = new TerminationSignal();

        void Noticed(string text)
        {
            _log.Warning(text);
            notice(text);
        }
    }

    public string Folder { get; }

    /// <summary>Runs a training that keeps its state here, and writes down what happens in it.</summary>
    /// <param name="description">What is trained, for the log.</param>
    /// <param name="host">The run's surroundings.</param>
    /// <param name="train">The training, given the surroundings with this workspace in them.</param>
    public TrainingOutcome Record(object description, TrainingHost host, Func<TrainingHost, TrainingOutcome> train)
    {
        _log.Started(description);
        try
        {
            TrainingOutcome outcome = train(host with { Checkpoints = this, Progress = Progress, Notice = _notice });
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

    public void Save(RunSnapshot state)
    {
        try
        {
            _checkpoints.Save(state);
            _log.Saved(state.Position);
        }
        // The last is what .NET throws where a file is too large for its file system.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            _notice($"No checkpoint could be written in '{Folder}', and the run goes on without. {e.Message}");
        }

        _saved = Stopwatch.GetTimestamp();
        _signal.Answer();
    }

    public RunSnapshot? Load()
    {
        if (_checkpoints.Load() is not { } found)
        {
            return null;
        }

        _log.Resumed(found.State.Position, System.IO.Path.GetFileName(found.Path));
        return found.State;
    }

    public void Dispose()
    {
        _signal.Dispose();
        _log.Dispose();
        _lock.Dispose();
    }
}

/// <summary>A name for a run that only the same recipe on the same images has.</summary>
internal static class RunKey
{
    private const int NameBytes = 6;

    /// <param name="recipe">The recipe.</param>
    /// <param name="train">The training images.</param>
    /// <param name="validation">The validation images, where there are any.</param>
    /// <param name="begin">The weights that the run begins with, where they are those of an earlier run.</param>
    public static string Of(TrainingRecipe recipe, ImageSet train, ImageSet? validation, NamedTensors? begin = null)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(ArtifactManifest.Describe(Identity(recipe))));
        hash.AppendData(train.ContentHash());
        if (validation is not null)
        {
            hash.AppendData(validation.ContentHash());
        }

        foreach (NamedTensor tensor in begin?.Tensors ?? [])
        {
            hash.AppendData(tensor.Bytes);
        }

        return "run-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, NameBytes));
    }

    // Settings that may change when a run is resumed.
    private static TrainingRecipe Identity(TrainingRecipe recipe) => recipe with { OnDivergence = default, ScoringBatchSize = 1, ReportEverySteps = 1 };
}
