using System.IO.Hashing;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Where the pixels of a set lie: in memory, in a file, or still in the pictures that they are decoded from. Any number of passes may go on at once.</summary>
internal abstract class PixelStore : IDisposable
{
    /// <summary>Rows, each the pixels of one image.</summary>
    public abstract int Count { get; }

    /// <summary>Where <see cref="Read"/> takes the memory of a batch from.</summary>
    public BatchMemory Memory { get; } = new();

    /// <summary>How far a row may lie ahead of the place at which it is asked for; shuffling keeps to it.</summary>
    public virtual int ShuffleWindow => int.MaxValue;

    /// <summary><see cref="ChecksumOf"/> the pixels of a row, the same in every store.</summary>
    public abstract ulong Checksum(int row);

    /// <summary>XXH3, 64 bits: finds damage and changed images. Another algorithm needs another version of the pixel file (<see cref="PixelFileFooter"/>).</summary>
    public static ulong ChecksumOf(ReadOnlySpan<byte> pixels) => XxHash3.HashToUInt64(pixels);

    /// <summary>One pass over rows, batch by batch: for each batch the pixels of its rows, one after another.</summary>
    public abstract IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches);

    /// <summary>Lets go of what it holds; nobody may read any more.</summary>
    public virtual void Dispose()
    {
    }
}
