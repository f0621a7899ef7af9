using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Loads batches of a set in a given order on a background thread, a few ahead of the training step.</summary>
internal static class BatchLoader
{
    private const int Ahead = 3;

    /// <summary>The number of batches that <see cref="Load(ImageSet, IReadOnlyList{int}, int)"/> makes from that many images.</summary>
    public static int Batches(int images, int batchSize) => ((images + batchSize - 1) / batchSize) - (LeavesOne(images, batchSize) ? 1 : 0);

    /// <summary>
    /// Loads the images in <paramref name="order"/>. The last batch may be smaller, or larger by one: a single image left over joins it, because BatchNorm
    /// cannot normalize a batch of one.
    /// </summary>
    /// <param name="set">The images.</param>
    /// <param name="order">Their indices in the set.</param>
    /// <param name="batchSize">Images per batch.</param>
    public static IEnumerable<HostBatch> Load(ImageSet set, IReadOnlyList<int> order, int batchSize) => Load(set, [.. Cut(order, batchSize)]);

    /// <summary>Loads batches of a set.</summary>
    /// <param name="set">The images.</param>
    /// <param name="batches">The indices of the images of each batch.</param>
    public static IEnumerable<HostBatch> Load(ImageSet set, IReadOnlyList<int[]> batches)
    {
        using CancellationTokenSource stopped = new();
        Channel<HostBatch> channel = Channel.CreateBounded<HostBatch>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
        Task producer = Task.Run(() => ProduceAsync(channel.Writer, stopped.Token));
        try
        {
            while (channel.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (channel.Reader.TryRead(out HostBatch? batch))
                {
                    yield return batch;
                }
            }
        }
        finally
        {
            // If the consumer stops early, the producer must not wait for room.
            stopped.Cancel();
            producer.Wait(CancellationToken.None);
        }

        async Task ProduceAsync(ChannelWriter<HostBatch> writer, CancellationToken cancellation)
        {
            try
            {
                foreach (HostBatch batch in set.Read(batches))
                {
                    await writer.WriteAsync(batch, cancellation).ConfigureAwait(false);
                }

                writer.Complete();
            }
            catch (OperationCanceledException)
            {
                writer.Complete();
            }
            catch (Exception e)
            {
                writer.Complete(e);
            }
        }
    }

    private static bool LeavesOne(int images, int batchSize) => batchSize > 1 && images > batchSize && images % batchSize == 1;

    /// <summary>The indices of the images of each batch that <see cref="Load(ImageSet, IReadOnlyList{int}, int)"/> makes.</summary>
    public static IEnumerable<int[]> Cut(IReadOnlyList<int> order, int batchSize)
    {
        int batches = Batches(order.Count, batchSize);
        for (int batch = 0; batch < batches; batch++)
        {
            int start = batch * batchSize;
            int[] images = new int[batch == batches - 1 ? order.Count - start : batchSize];
            for (int i = 0; i < images.Length; i++)
            {
                images[i] = order[start + i];
            }

            yield return images;
        }
    }
}

/// <summary>Reuses the memory of batches: allocating it takes longer than reading the pixels into it. Thread-safe.</summary>
internal sealed class PixelPool
{
    // A loader has a few batches in flight; more are not kept.
    private const int MaxKept = 8;

    private readonly ConcurrentQueue<byte[]> _free = new();

    /// <summary>An array of exactly <paramref name="bytes"/> bytes, not cleared.</summary>
    public byte[] Rent(int bytes) => _free.TryDequeue(out byte[]? free) && free.Length == bytes ? free : GC.AllocateUninitializedArray<byte>(bytes);

    /// <summary>Returns an array to the pool. The caller must not use it afterwards.</summary>
    public void Return(byte[] array)
    {
        if (_free.Count < MaxKept)
        {
            _free.Enqueue(array);
        }
    }
}

/// <summary>
/// One batch in managed memory: the raw pixels of <see cref="Count"/> images, [N,C,H,W], and their labels. Dispose returns the pixels to the pool.
/// </summary>
internal sealed class HostBatch(byte[] pixels, long[] labels, PixelPool? pool = null) : IDisposable
{
    private PixelPool? _pool = pool;

    public byte[] Pixels { get; } = pixels;

    public long[] Labels { get; } = labels;

    public int Count => Labels.Length;

    public void Dispose() => Interlocked.Exchange(ref _pool, null)?.Return(Pixels);
}
