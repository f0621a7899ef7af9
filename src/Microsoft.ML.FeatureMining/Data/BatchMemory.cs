using System.Collections.Concurrent;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Memory of batches that are done with, for the next ones: to have it anew from the system takes longer than to read the pixels into it. Any thread may take and give.</summary>
internal sealed class BatchMemory
{
    // A loader has a few batches under way; what comes back beyond that is let go of.
    private const int Kept = 8;

    private readonly ConcurrentQueue<byte[]> _free = new();

    /// <summary>So many bytes, of any value.</summary>
    public byte[] Take(int bytes) => _free.TryDequeue(out byte[]? free) && free.Length == bytes ? free : GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>Takes back what nobody reads any more.</summary>
    public void Give(byte[] memory)
    {
        if (_free.Count < Kept)
            _free.Enqueue(memory);
    }
}
