using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>A temporary folder in which the processes of a job on one computer share files.</summary>
internal sealed class JobFolder : IDisposable
{
    private const string Prefix = "mlnetfm-job-";

    private readonly ICommunicator _ranks;
    private readonly FolderLock? _lock;

    private JobFolder(ICommunicator ranks, string path, FolderLock? held) => (_ranks, Path, _lock) = (ranks, path, held);

    /// <summary>The path; the same on all ranks of a computer.</summary>
    public string Path { get; }

    /// <param name="ranks">All ranks of the job call this together.</param>
    /// <param name="first">The first rank on this computer. It locks the folder, and deletes the folders of jobs that were killed.</param>
    public static JobFolder Create(ICommunicator ranks, int first)
    {
        byte[] id = Guid.NewGuid().ToByteArray();
        ranks.Broadcast(id);
        string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), FormattableString.Invariant($"{Prefix}{Convert.ToHexStringLower(id)}-{first}"));
        FolderLock? held = ranks.Rank == first ? Claim(path) : null;
        // Before any rank writes to the folder.
        ranks.Barrier();
        return new JobFolder(ranks, path, held);
    }

    /// <summary>
    /// Waits until all ranks have opened their files, and deletes them. The open files can be read until they are closed, or the process ends, however it ends.
    /// </summary>
    public void DeleteOpened()
    {
        _ranks.Barrier();
        Dispose();
    }

    public void Dispose()
    {
        _lock?.Dispose();
        Delete(Path);
    }

    // Without the folder, each rank finds that its file cannot be written.
    private static FolderLock? Claim(string path)
    {
        try
        {
            foreach (string other in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), $"{Prefix}*"))
            {
                DeleteAbandoned(other);
            }

            return FolderLock.Try(path, "job");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void DeleteAbandoned(string folder)
    {
        try
        {
            if (FolderLock.Try(folder, "job") is { } abandoned)
            {
                abandoned.Dispose();
                Delete(folder);
            }
        }
        catch (UnauthorizedAccessException)
        {
            // Of another user.
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another rank deletes it, too.
        }
    }
}
