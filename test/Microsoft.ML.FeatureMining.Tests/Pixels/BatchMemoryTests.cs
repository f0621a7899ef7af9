using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Pixels;

public sealed class BatchMemoryTests
{
    [Fact]
    public void Dispose_OfABatch_GivesItsMemoryToTheNextOnceOnly()
    {
        BatchMemory memory = new();
        byte[] pixels = memory.Take(6);
        HostBatch batch = new(pixels, [0, 1], memory);

        batch.Dispose();
        batch.Dispose();

        Assert.Same(pixels, memory.Take(6));
        Assert.NotSame(pixels, memory.Take(6));
    }

    [Fact]
    public void Take_OtherLength_IsNewMemoryOfThatLength()
    {
        BatchMemory memory = new();
        memory.Give(new byte[6]);

        Assert.Equal(4, memory.Take(4).Length);
    }

    [Fact]
    public void Load_BatchesDisposedOf_HaveTheRightPixels()
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
        // Some are under way at any time; the others are the same ones again.
        Assert.InRange(arrays.Count, 1, 10);
    }
}
