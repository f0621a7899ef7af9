using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests.Pixels;

public sealed class BatchLoaderTests
{
    private static readonly ImageSet Set = TinyData.Random(new ImageShape(3, 2, 5), count: 11, classes: 4);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(11)]
    [InlineData(100)]
    public void Load_AnyBatchSize_GivesAllImagesInOrder(int batchSize)
    {
        int[] order = [5, 3, 3, 0, 10, 7, 1, 2];

        HostBatch[] batches = [.. BatchLoader.Load(Set, order, batchSize)];

        Assert.Equal((order.Length + batchSize - 1) / batchSize, batches.Length);
        Assert.All(batches.SkipLast(1), batch => Assert.Equal(batchSize, batch.Count));
        Assert.Equal(order.Select(i => (long)Set.Labels[i]), batches.SelectMany(batch => batch.Labels));
        Assert.Equal(order.SelectMany(i => Set[i].ToArray()), batches.SelectMany(batch => batch.Pixels));
    }

    [Theory]
    [InlineData(9, 4, new[] { 4, 5 })]
    [InlineData(5, 4, new[] { 5 })]
    [InlineData(1, 4, new[] { 1 })]
    [InlineData(3, 1, new[] { 1, 1, 1 })]
    [InlineData(10, 4, new[] { 4, 4, 2 })]
    public void Load_OneImageLeft_JoinsTheBatchBeforeIt(int images, int batchSize, int[] counts)
    {
        HostBatch[] batches = [.. BatchLoader.Load(Set, [.. Enumerable.Range(0, images)], batchSize)];

        Assert.Equal(counts, batches.Select(batch => batch.Count));
        Assert.Equal(counts.Length, BatchLoader.Batches(images, batchSize));
        Assert.Equal(Enumerable.Range(0, images).Select(i => (long)Set.Labels[i]), batches.SelectMany(batch => batch.Labels));
    }

    [Fact]
    public void Load_NoImages_GivesNoBatches() => Assert.Empty(BatchLoader.Load(Set, [], 4));

    [Fact]
    public void Load_ConsumerStopsEarly_StopsReading()
    {
        const int Count = 10_000;
        CountingPixels pixels = new(Count);
        ImageSet set = new(pixels, new ImageShape(1, 1, 1), PixelType.Byte, classCount: 2, new int[Count]);

        foreach (HostBatch _ in BatchLoader.Load(set, [.. Enumerable.Range(0, Count)], batchSize: 2))
        {
            break;
        }

        int read = pixels.Rows;
        Thread.Sleep(50);
        Assert.Equal(read, pixels.Rows);
        Assert.InRange(read, 2, 20);
    }

    [Fact]
    public void Load_IndexOutOfRange_ReachesTheConsumerAfterTheGoodBatches()
    {
        int good = 0;

        Assert.ThrowsAny<ArgumentOutOfRangeException>(() =>
        {
            foreach (HostBatch _ in BatchLoader.Load(Set, [0, 1, 2, 99, 3], batchSize: 1))
            {
                good++;
            }
        });

        Assert.Equal(3, good);
    }

    [Fact]
    public void Load_TwiceAtOnce_GivesEachItsOwnBatches()
    {
        int[] order = [.. Enumerable.Range(0, 11)];

        IEnumerable<(HostBatch, HostBatch)> pairs = BatchLoader.Load(Set, order, 3).Zip(BatchLoader.Load(Set, order, 3));

        Assert.All(pairs, pair => Assert.Equal(pair.Item1.Pixels, pair.Item2.Pixels));
    }

    /// <summary>Counts the rows read.</summary>
    private sealed class CountingPixels(int count) : PixelStore
    {
        private int _read;

        public int Rows => Volatile.Read(ref _read);

        public override int Count => count;

        public override ulong Checksum(int row) => 0;

        public override IEnumerable<byte[]> Read(IReadOnlyList<int[]> batches) =>
            batches.Select(batch =>
            {
                Interlocked.Add(ref _read, batch.Length);
                return new byte[batch.Length];
            });
    }
}
