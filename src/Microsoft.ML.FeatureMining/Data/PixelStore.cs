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

    /// <summary>Of the pixels of a row, the same in every store (<see cref="PixelChecksum"/>).</summary>
    public abstract uint Checksum(int row);

    /// <summary>One pass over rows, batch by batch: for each batch the pixels of its rows, one after another.</summary>
    public abstract IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches);

    /// <summary>Lets go of what it holds; nobody may read any more.</summary>
    public virtual void Dispose()
    {
    }
}
