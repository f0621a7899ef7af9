using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>A temporary folder in which the processes of a job on one computer share files.</summary>
internal sealed class JobFolder : IDisposable
{
    private readonly ICommunicator _ranks;
    private readonly ScratchFolder? _own;

    private JobFolder(ICommunicator ranks, string path, ScratchFolder? own) => (_ranks, Path, _own) = (ranks, path, own);

    /// <summary>The path; the same on all ranks of a computer.</summary>
    public string Path { get; }

    /// <param name="ranks">All ranks of the job call this together.</param>
    /// <param name="first">The first rank on this computer, which makes the folder. If it cannot, each rank finds that its file cannot be written.</param>
    public static JobFolder Create(ICommunicator ranks, int first)
    {
        // One number for each computer: several may have the same folder for temporary files.
        byte[] id = Guid.NewGuid().ToByteArray();
        ranks.Broadcast(id);
        BitConverter.TryWriteBytes(id, BitConverter.ToInt32(id) + first);
        string path = ScratchFolder.PathOf(System.IO.Path.GetTempPath(), new Guid(id));
        ScratchFolder? own = ranks.Rank == first ? ScratchFolder.TryCreate(path) : null;
        // Before any rank writes to the folder.
        ranks.Barrier();
        return new JobFolder(ranks, path, own);
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
        _own?.Dispose();
        ScratchFolder.Delete(Path);
    }
}
