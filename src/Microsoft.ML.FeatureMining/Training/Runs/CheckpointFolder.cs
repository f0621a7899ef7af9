using System.Globalization;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>The newest checkpoints of one run. Each file is written atomically.</summary>
internal sealed class CheckpointFolder(string folder, int keep, Action<string> warn)
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".ckpt";

    /// <summary>Deletes the checkpoints of all runs below a folder, but not their logs. Ignores files that cannot be deleted.</summary>
    public static void RemoveAllBelow(string folder)
    {
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, Prefix + "*", SearchOption.AllDirectories) : [])
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException) { }
        }
    }

    /// <summary>Deletes the temporary files of processes that died while writing.</summary>
    public void RemoveUnfinished() => AtomicFile.RemoveAbandoned(folder, $"{Prefix}*{Suffix}");

    /// <summary>The checkpoint files, newest first.</summary>
    public IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(folder, Prefix + "*" + Suffix).OrderDescending(StringComparer.Ordinal)];

    public string Save(RunSnapshot snapshot)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{snapshot.Position.Epoch:d6}-{snapshot.Position.Step:d9}{Suffix}");
        string path = Path.Combine(folder, name);
        AtomicFile.Write(path, stream => CheckpointFile.Write(stream, snapshot));
        RemoveOthers(path);
        return path;
    }

    /// <summary>Loads the newest checkpoint that is not damaged. A damaged one is renamed, with a warning.</summary>
    /// <param name="check">Throws an <see cref="InvalidDataException"/> if the content shows that it is damaged, although its hash is right.</param>
    /// <exception cref="InvalidDataException">The newest checkpoint was written by a newer version of the library.</exception>
    public (string Path, RunSnapshot Snapshot)? Load(Action<RunSnapshot> check)
    {
        foreach (string path in Files)
        {
            try
            {
                RunSnapshot snapshot = Read(path);
                check(snapshot);
                RemoveOld(path);
                return (path, snapshot);
            }
            catch (NewerFormatException e)
            {
                throw new InvalidDataException($"Cannot read the checkpoint '{path}'. {e.Message}", e);
            }
            catch (InvalidDataException e)
            {
                warn($"Skipping the damaged checkpoint '{path}'; trying the previous one. {e.Message}");
                File.Move(path, path + ".damaged", overwrite: true);
            }
        }

        return null;
    }

    // After a rollback, checkpoints of later steps are obsolete.
    private void RemoveOthers(string newest)
    {
        foreach (string file in Files.Where(file => string.CompareOrdinal(file, newest) > 0).Concat(Old(newest)))
        {
            File.Delete(file);
        }
    }

    // A process may have been killed after it had written its last checkpoint, and before it had deleted the oldest.
    private void RemoveOld(string newest)
    {
        try
        {
            Old(newest).ToList().ForEach(File.Delete);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The run can go on.
        }
    }

    private IEnumerable<string> Old(string newest) => Files.SkipWhile(file => file != newest).Skip(keep);

    private static RunSnapshot Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return CheckpointFile.Read(stream);
    }
}

/// <summary>When to save a checkpoint within an epoch, and how many to keep. A checkpoint is always saved at the end of each epoch.</summary>
internal sealed record CheckpointSchedule
{
    public int? EverySteps { get; init; }

    public TimeSpan? Every { get; init; }

    public int Keep { get; init; } = 2;
}
