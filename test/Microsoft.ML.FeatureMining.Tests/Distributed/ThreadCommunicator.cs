using System.Collections.Concurrent;
using Microsoft.ML.FeatureMining.Distributed;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>Ranks that are threads of this process.</summary>
internal sealed class ThreadCommunicator : PeerCommunicator
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private readonly ThreadGroup _group;

    private ThreadCommunicator(ThreadGroup group, int rank) => (_group, Rank) = (group, rank);

    public override int Rank { get; }

    public override int World => _group.World;

    /// <summary>Runs an action on each rank and returns the results in the order of the ranks.</summary>
    public static T[] Run<T>(int world, Func<ICommunicator, T> act)
    {
        ThreadGroup group = new(world);
        T[] results = new T[world];
        ConcurrentQueue<Exception> failures = [];
        int threads = torch.get_num_threads();
        Thread[] ranks =
        [
            .. Enumerable
                .Range(0, world)
                .Select(rank => new Thread(() =>
                {
                    ThreadCommunicator communicator = new(group, rank);
                    try
                    {
                        // OpenMP's number of threads belongs to the thread.
                        torch.set_num_threads(threads);
                        results[rank] = act(communicator);
                    }
                    catch (Exception e)
                    {
                        failures.Enqueue(e);
                        communicator.Abort(e.Message);
                    }
                })),
        ];
        Array.ForEach(ranks, rank => rank.Start());
        Array.ForEach(ranks, rank => rank.Join());
        return failures.TryDequeue(out Exception? failure) ? throw new AggregateException(failure) : results;
    }

    public override void Abort(string reason) => _group.Failure ??= $"Rank {Rank} failed: {reason}";

    protected override unsafe void Exchange(IReadOnlyList<Transfer> sends, IReadOnlyList<Transfer> receives)
    {
        foreach (Transfer send in sends.Where(send => send.Bytes > 0))
        {
            _group[Rank, send.Peer].Add(new ReadOnlySpan<byte>((void*)send.Data, (int)send.Bytes).ToArray());
        }

        foreach (Transfer receive in receives.Where(receive => receive.Bytes > 0))
        {
            byte[] message = Take(receive.Peer);
            Assert.Equal(receive.Bytes, message.Length);
            message.CopyTo(new Span<byte>((void*)receive.Data, message.Length));
        }
    }

    private byte[] Take(int peer)
    {
        for (DateTime end = DateTime.UtcNow + Patience; DateTime.UtcNow < end; )
        {
            if (_group[peer, Rank].TryTake(out byte[]? message, millisecondsTimeout: 20))
            {
                return message;
            }

            if (_group.Failure is { } failure)
            {
                throw new RankFailedException(failure);
            }
        }

        throw new TimeoutException($"Rank {Rank} waits for rank {peer}.");
    }

    private sealed class ThreadGroup(int world)
    {
        private readonly BlockingCollection<byte[]>[] _queues = [.. Enumerable.Range(0, world * world).Select(_ => new BlockingCollection<byte[]>())];

        public int World => world;

        public string? Failure { get; set; }

        public BlockingCollection<byte[]> this[int from, int to] => _queues[(from * world) + to];
    }
}
