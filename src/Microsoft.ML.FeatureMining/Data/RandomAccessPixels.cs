namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A store that can give any row at any time; the rows of a batch are read on all cores, and the batches no earlier than they are asked for.</summary>
internal abstract class RandomAccessPixels(int imageBytes) : PixelStore
{
    protected int ImageBytes => imageBytes;

    public sealed override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) => batches.Select(Gather);

    /// <summary>Puts the pixels of a row into <paramref name="pixels"/>. Called by several threads at once.</summary>
    protected abstract void Read(int row, Span<byte> pixels);

    private byte[] Gather(int[] rows)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(rows.Length * imageBytes));
        AllCores.For(rows.Length, i => Read(rows[i], pixels.AsSpan(i * imageBytes, imageBytes)));
        return pixels;
    }
}
