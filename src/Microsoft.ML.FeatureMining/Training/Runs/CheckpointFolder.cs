using System.Globalization;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Training.Runs;

/// <summary>The checkpoints of one run: the newest few, each whole at any moment.</summary>
internal sealed class CheckpointFolder(string folder, int keep, Action<string> notice)
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".ckpt";

    /// <summary>Removes the checkpoints of all runs below a folder; their logs stay. What cannot be removed stays.</summary>
    public static void RemoveAllBelow(string folder)
    {
        foreach (string file in Directory.Exists(folder) ? Directory.EnumerateFiles(folder, Prefix + "*", SearchOption.AllDirectories) : [])
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }
    }

    /// <summary>Removes the unfinished files that killed processes left.</summary>
    public void RemoveUnfinished() => AtomicFile.RemoveAbandoned(folder, $"{Prefix}*{Suffix}");

    /// <summary>Newest first.</summary>
    public IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(folder, Prefix + "*" + Suffix).OrderDescending(StringComparer.Ordinal)];

    public string Save(RunSnapshot state)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{state.Position.Epoch:d6}-{state.Position.Step:d9}{Suffix}");
        string path = Path.Combine(folder, name);
        AtomicFile.Write(path, stream => CheckpointFile.Write(stream, state));
        // After a roll-back the files ahead are of a run that is over.
        foreach (string file in Files.Where(file => string.CompareOrdinal(Path.GetFileName(file), name) > 0).Concat(Files.SkipWhile(file => file != path).Skip(keep)))
        {
            File.Delete(file);
        }

        return path;
    }

    /// <summary>The newest that is whole. A damaged one is renamed, and a notice is given.</summary>
    /// <exception cref="InvalidDataException">A newer version of the library wrote the newest.</exception>
    public (string Path, RunSnapshot State)? Load()
    {
        foreach (string path in Files)
        {
            try
            {
                using FileStream stream = File.OpenRead(path);
                return (path, CheckpointFile.Read(stream));
            }
            catch (NewerFormatException e)
            {
                throw new InvalidDataException($"The checkpoint '{path}' cannot be read. {e.Message}", e);
            }
            catch (InvalidDataException e)
            {
                notice($"The checkpoint '{path}' cannot be used, and the one before it is taken. {e.Message}");
                File.Move(path, path + ".damaged", overwrite: true);
            }
        }

        return null;
    }
}

/// <summary>When a checkpoint is due within an epoch, and how many are kept. One is made at the end of each epoch in any case.</summary>
internal sealed record CheckpointSchedule
{
    public int? EverySteps { get; init; }

    public TimeSpan? Every { get; init; }

    public int Keep { get; init; } = 2;
}
