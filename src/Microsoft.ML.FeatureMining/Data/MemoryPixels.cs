namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Pixels in memory, in chunks of many images each: one array holds at most 2 GB, and a growing one is held twice while it is copied.</summary>
internal sealed class MemoryPixels(int imageBytes) : PixelStore
{
    private const int ChunkBytes = 16 << 20;

    private readonly int _imagesPerChunk = Math.Max(1, ChunkBytes / imageBytes);
    private readonly List<byte[]> _chunks = [];
    private int _count;

    public override int Count => _count;

    /// <summary>The memory that it takes.</summary>
    public long Bytes => _chunks.Sum(chunk => chunk.LongLength);

    public void Add(ReadOnlySpan<byte> image) => image.CopyTo(NextSlot());

    public override ulong Checksum(int row) => ChecksumOf(Row(row));

    public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) => batches.Select(Gather);

    private byte[] Gather(int[] rows)
    {
        byte[] pixels = Memory.Take(checked(rows.Length * imageBytes));
        for (int i = 0; i < rows.Length; i++)
            Row(rows[i]).CopyTo(pixels.AsSpan(i * imageBytes));
        return pixels;
    }

    private ReadOnlySpan<byte> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, _count);
        return _chunks[row / _imagesPerChunk].AsSpan(row % _imagesPerChunk * imageBytes, imageBytes);
    }

    private Span<byte> NextSlot()
    {
        int slot = _count++ % _imagesPerChunk;
        if (slot == 0)
            _chunks.Add(new byte[imageBytes]);
        byte[] chunk = _chunks[^1];
        int end = (slot + 1) * imageBytes;
        if (end > chunk.Length)
        {
            Array.Resize(ref chunk, (int)Math.Min(2L * chunk.Length, (long)_imagesPerChunk * imageBytes));
            _chunks[^1] = chunk;
        }
        return chunk.AsSpan(end - imageBytes, imageBytes);
    }
}
