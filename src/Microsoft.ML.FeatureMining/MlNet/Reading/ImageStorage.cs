namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Where decoded images are kept during training. It affects memory use and speed but not the model, with one exception (see <see cref="Stream"/>).
/// </summary>
public enum ImageStorage
{
    /// <summary>In memory if they fit into the budget; else in a file if it takes at most half of the free disk space; else they are streamed.</summary>
    Adaptive,

    /// <summary>In memory, whatever their size.</summary>
    Memory,

    /// <summary>In a file. If it cannot be written, they are streamed, with a warning.</summary>
    Disk,

    /// <summary>
    /// Not kept: each epoch decodes the images again, ahead of the training step. If the image column has paths of files (text), images are shuffled as usual.
    /// Other rows can only be read sequentially and are shuffled within a buffer; if there are more rows than the buffer holds, the order of the images, and
    /// thus the model, differs.
    /// </summary>
    Stream,
}

/// <summary>Where to keep decoded images, and within which limits.</summary>
internal sealed record StorageSettings
{
    // Uses 1/2 of the free disk space and 1/4 of the memory, to leave room for other processes.
    private const int DiskShare = 2;
    private const int MemoryShare = 4;

    public ImageStorage Storage { get; init; }

    /// <summary>In bytes; null for a quarter of the memory that the process may use.</summary>
    public long? MemoryBudget { get; init; }

    /// <summary>The folder for files of decoded images that the next Fit reuses; null for temporary files.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>The name of the file in <see cref="CacheFolder"/>; null to name it by the content of the images.</summary>
    public string? FileName { get; init; }

    /// <summary>The number of rows in the shuffle buffer, used if rows can only be read sequentially.</summary>
    public int ShuffleBufferSize { get; init; } = 4096;

    public string Folder => CacheFolder ?? Path.GetTempPath();

    public long Budget => MemoryBudget ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryShare;

    /// <summary>The settings of one of several processes on this computer: each has its part of the memory, unless the budget is given.</summary>
    public StorageSettings SharedBy(int processes) => this with { MemoryBudget = MemoryBudget ?? Budget / processes };

    /// <summary>The settings of one of several processes that share a folder, unless there is a cache.</summary>
    public StorageSettings In(string folder, string fileName) => CacheFolder is null ? this with { CacheFolder = folder, FileName = fileName } : this;

    /// <summary>Whether the size of the decoded images must be known to choose the storage or to reserve disk space.</summary>
    public bool DependsOnSize => Storage is ImageStorage.Adaptive or ImageStorage.Disk;

    /// <summary>Chooses memory, disk or stream for that many bytes.</summary>
    public ImageStorage Choose(long bytes)
    {
        if (Storage != ImageStorage.Adaptive)
        {
            return Storage;
        }

        bool fits = bytes <= Budget;
        // Of processes that share a file, one decodes the images, and the operating system keeps them in memory once.
        return fits && FileName is null ? ImageStorage.Memory
            : bytes <= FreeOnDisk() / DiskShare ? ImageStorage.Disk
            : fits ? ImageStorage.Memory
            : ImageStorage.Stream;
    }

    private long FreeOnDisk()
    {
        try
        {
            // The folder itself may not exist yet.
            string folder = Path.GetFullPath(Folder);
            while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
            {
                folder = parent;
            }

            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return 0;
        }
    }
}
