using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Pixels;

public sealed class PixelPoolTests
{
    [Fact]
    public void Dispose_OfABatch_ReturnsItsPixelsOnceOnly()
    {
        PixelPool pool = new();
        byte[] pixels = pool.Rent(6);
        HostBatch batch = new(pixels, [0, 1], pool);

        batch.Dispose();
        batch.Dispose();

        Assert.Same(pixels, pool.Rent(6));
        Assert.NotSame(pixels, pool.Rent(6));
    }

    [Fact]
    public void Rent_OtherLength_IsNewMemoryOfThatLength()
    {
        PixelPool pool = new();
        pool.Return(new byte[6]);

        Assert.Equal(4, pool.Rent(4).Length);
    }

    [Fact]
    public void Load_DisposedBatches_HaveTheRightPixels()
    {
        const int Count = 101;
        ImageSet set = TinyData.Random(new ImageShape(3, 2, 5), Count, classes: 4);
        byte[][] images = [.. Enumerable.Range(0, Count).Select(i => set[i].ToArray())];
        int[] order = [.. Enumerable.Range(0, 10 * Count).Select(i => i * 7 % Count)];
        HashSet<byte[]> arrays = [];
        int seen = 0;

        foreach (HostBatch loaded in BatchLoader.Load(set, order, batchSize: 3))
        {
            using HostBatch batch = loaded;
            Assert.Equal(order.Skip(seen).Take(batch.Count).SelectMany(i => images[i]), batch.Pixels);
            seen += batch.Count;
            arrays.Add(batch.Pixels);
        }

        Assert.Equal(order.Length, seen);
        // A few batches are in flight at any time; the others reuse their memory.
        Assert.InRange(arrays.Count, 1, 10);
    }
}
