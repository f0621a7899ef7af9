namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Where decoded images are kept during training. It changes memory use and speed, not the model, with one exception (see <see cref="Stream"/>).
/// </summary>
public enum ImageStorage
{
    /// <summary>In memory if they fit into the budget; else in a file if the disk has room for it; else they are streamed.</summary>
    Adaptive,

    /// <summary>In memory, whatever their size.</summary>
    Memory,

    /// <summary>In a file. If it cannot be written, they are streamed, with a warning.</summary>
    Disk,

    /// <summary>
    /// Not kept: each epoch decodes the images again, ahead of the training step. If the image column holds paths of files (text), images are shuffled as
    /// usual. Other rows can only be read one after the other: they are shuffled within a buffer, so that the order, and the model, is another one if there are
    /// more rows than the buffer holds.
    /// </summary>
    Stream,
}

/// <summary>Where to keep decoded images, and within which limits.</summary>
internal sealed record StorageSettings
{
    // The rest is left to others.
    private const int DiskShare = 2;
    private const int MemoryShare = 4;

    public ImageStorage Storage { get; init; }

    /// <summary>In bytes; null for a quarter of what the process may use.</summary>
    public long? MemoryBudget { get; init; }

    /// <summary>Where files of decoded images stay for the next Fit; null for temporary files.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>How many rows are in the shuffle buffer, if rows can only be read one after the other.</summary>
    public int ShuffleBufferSize { get; init; } = 4096;

    public string Folder => CacheFolder ?? Path.GetTempPath();

    public long Budget => MemoryBudget ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryShare;

    /// <summary>Whether <see cref="Choose"/> has to know the size of the images, or the file wants room for them.</summary>
    public bool DependsOnSize => Storage is ImageStorage.Adaptive or ImageStorage.Disk;

    /// <summary>Chooses memory, disk or stream for so many bytes.</summary>
    public ImageStorage Choose(long bytes) => Storage != ImageStorage.Adaptive ? Storage
        : bytes <= Budget ? ImageStorage.Memory
        : bytes <= FreeOnDisk() / DiskShare ? ImageStorage.Disk
        : ImageStorage.Stream;

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
