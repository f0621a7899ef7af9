namespace Microsoft.ML.FeatureMining.Data;

/// <summary>One batch in managed memory, as the loader made it: raw pixels of Count images, one after another, and their classes. Who is done with it may dispose of it, and the next batch needs no new memory.</summary>
internal sealed class HostBatch(byte[] pixels, long[] labels, BatchMemory? memory = null) : IDisposable
{
    private BatchMemory? _memory = memory;

    public byte[] Pixels { get; } = pixels;

    public long[] Labels { get; } = labels;

    public int Count => Labels.Length;

    public void Dispose() => Interlocked.Exchange(ref _memory, null)?.Give(Pixels);
}
