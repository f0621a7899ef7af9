using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reading;

namespace Microsoft.ML.FeatureMining;

/// <summary>Where decoded images are kept while a network is trained on them. It decides nothing but memory and speed: the model comes out the same, with one
/// exception (<see cref="Stream"/>).</summary>
public enum ImageStorage
{
    /// <summary>In memory where they fit into the budget; else in a file where the disk has room for them; else they are streamed.</summary>
    Adaptive,

    /// <summary>In memory, whatever they take.</summary>
    Memory,

    /// <summary>In a file. Where it cannot be written they are streamed, with a warning.</summary>
    Disk,

    /// <summary>
    /// Nowhere: each epoch decodes the pictures anew, ahead of the training step. Where the image column is text, paths of files, images are shuffled as ever; other rows can only
    /// be read one after the other, and are shuffled within a buffer: in another order, where there are more of them than it holds.
    /// </summary>
    Stream,
}

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
    public int ShuffleBufferSize { get; init; } = 4096;

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

/// <summary>A name for the decoded images of a data view that only the same rows, decoded in the same way, have. Nothing is decoded for it.</summary>
internal static class ContentKey
{
    private const int NameBytes = 16;

    public static string Of(LabeledRowReader reader, IDataView rows)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Another build of the library may decode otherwise.
        hash.AppendData(Encoding.UTF8.GetBytes($"{reader.Image.Description} {ImageCodec.Name} {typeof(ContentKey).Module.ModuleVersionId}"));
        byte[] label = new byte[sizeof(int)];
        foreach (LabeledRow[] chunk in reader.ReadChunks(rows))
        {
            var contents = new byte[chunk.Length][];
            Parallel.For(0, chunk.Length, i => contents[i] = chunk[i].Image.ContentHash());
            foreach ((LabeledRow row, byte[] content) in chunk.Zip(contents))
            {
                BinaryPrimitives.WriteInt32LittleEndian(label, row.Label);
                hash.AppendData(label);
                hash.AppendData(content);
            }
        }
        return "images-" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, NameBytes));
    }
}
