using System.Threading.Channels;

namespace Microsoft.ML.FeatureMining.Data;

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
