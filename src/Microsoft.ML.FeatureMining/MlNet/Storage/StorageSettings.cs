namespace Microsoft.ML.FeatureMining.MlNet.Storage;

/// <summary>What decides where decoded images are kept.</summary>
internal sealed record StorageSettings
{
    // Of the disk too, something is left to others.
    private const int DiskShare = 2;
    private const int MemoryShare = 4;

    public ImageStorage Storage { get; init; }

    /// <summary>In bytes; null is a share of what the process may use.</summary>
    public long? MemoryBudget { get; init; }

    /// <summary>Where files of decoded images stay for the next Fit; null for temporary ones.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Rows among which rows are shuffled that come one after the other.</summary>
    public int ShuffleBuffer { get; init; } = 4096;

    public string Folder => CacheFolder ?? Path.GetTempPath();

    public long Budget => MemoryBudget ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / MemoryShare;

    /// <summary>Where to keep images.</summary>
    /// <param name="countBytes">Says how many bytes they take, or more; asked only where that matters.</param>
    public (ImageStorage Storage, long Bytes) Choose(Func<long> countBytes)
    {
        if (Storage is ImageStorage.Memory or ImageStorage.Stream)
            return (Storage, 0);
        long bytes = countBytes();
        if (Storage == ImageStorage.Adaptive && bytes <= Budget)
            return (ImageStorage.Memory, bytes);
        return (Storage == ImageStorage.Disk || bytes <= FreeOnDisk() / DiskShare ? ImageStorage.Disk : ImageStorage.Stream, bytes);
    }

    private long FreeOnDisk()
    {
        try
        {
            // The folder itself may be yet to be made.
            string folder = Path.GetFullPath(Folder);
            while (!Directory.Exists(folder) && Path.GetDirectoryName(folder) is { } parent)
                folder = parent;
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return 0;
        }
    }
}
