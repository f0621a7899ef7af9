using System.Collections.Concurrent;
using System.Threading.Channels;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Gathers batches of a set in a given order on a background thread, a few ahead of the one that is asked for.</summary>
internal static class BatchLoader
{
    private const int Ahead = 3;

    /// <summary>Into how many batches so many images are cut.</summary>
    public static int Batches(int images, int batchSize) => ((images + batchSize - 1) / batchSize) - (LeavesOne(images, batchSize) ? 1 : 0);

    /// <summary>The set in <paramref name="order"/>, cut into batches; the last one may be smaller, or larger by the one image that would be left: BatchNorm cannot normalize by a
    /// single one. The first <paramref name="skip"/> batches are left out.</summary>
    public static IEnumerable<HostBatch> Load(ImageSet set, IReadOnlyList<int> order, int batchSize, int skip = 0)
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
            // A consumer that leaves early must not leave the producer waiting for room.
            stopped.Cancel();
            producer.Wait(CancellationToken.None);
        }

        async Task ProduceAsync(ChannelWriter<HostBatch> writer, CancellationToken cancellation)
        {
            try
            {
                foreach (HostBatch batch in set.Read([.. Cut(order, batchSize).Skip(skip)]))
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

    private static IEnumerable<int[]> Cut(IReadOnlyList<int> order, int batchSize)
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

/// <summary>One batch in managed memory, as the loader made it: raw pixels of Count images, one after another, and their classes. Who is done with it may dispose of it, and the next batch needs no new memory.</summary>
internal sealed class HostBatch(byte[] pixels, long[] labels, BatchMemory? memory = null) : IDisposable
{
    private BatchMemory? _memory = memory;

    public byte[] Pixels { get; } = pixels;

    public long[] Labels { get; } = labels;

    public int Count => Labels.Length;

    public void Dispose() => Interlocked.Exchange(ref _memory, null)?.Give(Pixels);
}
