using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>
/// Ranks that exchange messages by MPI. MPI waits for ever for a process that was stopped or that failed, so all messages are non-blocking, and a wait looks
/// for failures of other ranks and for its own end.
/// </summary>
internal sealed unsafe class MpiCommunicator : PeerCommunicator
{
    private const int DataTag = 1;
    private const int FailureTag = 2;
    private const int FailureBytes = 2048;

    // The count of a message is an int.
    private const int MaxMessageBytes = 1 << 30;

    // For this long, a wait polls without a pause; a step of training waits for less.
    private static readonly TimeSpan PollingTime = TimeSpan.FromMilliseconds(50);

    // For a failure to reach the other ranks.
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(2);

    private readonly MpiLibrary _mpi;
    private string? _failure;

    public MpiCommunicator(MpiLibrary mpi)
    {
        _mpi = mpi;
        Identities = GatherIdentities();
    }

    public override int Rank => _mpi.Rank;

    public override int World => _mpi.World;

    /// <summary>Where each rank runs.</summary>
    public IReadOnlyList<RankIdentity> Identities { get; private set; }

    /// <summary>How long to wait for another rank.</summary>
    public TimeSpan Timeout { get; set; } = DistributedSettings.DefaultTimeout;

    /// <summary>Whether an operation failed. Then the ranks are not in step any more, and MPI cannot be ended in order.</summary>
    public bool HasFailed => _failure is not null;

    public override void Abort(string reason)
    {
        if (_failure is not null)
        {
            return;
        }

        _failure = reason;
        // Never freed: a message may still be on its way when this method returns.
        nint message = (nint)NativeMemory.AllocZeroed(FailureBytes);
        Span<byte> bytes = new((void*)message, FailureBytes);
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Rank);
        Encoding.UTF8.GetEncoder().Convert(reason, bytes[sizeof(int)..^1], flush: true, out _, out _, out _);
        List<nint> requests = [.. Others().Select(rank => _mpi.Send(message, FailureBytes, rank, FailureTag))];
        long began = Stopwatch.GetTimestamp();
        while (requests.RemoveAll(_mpi.IsDone) >= 0 && requests.Count > 0 && Stopwatch.GetElapsedTime(began) < FarewellTime)
        {
            Thread.Sleep(1);
        }
    }

    protected override void Exchange(IReadOnlyList<Transfer> sends, IReadOnlyList<Transfer> receives)
    {
        if (_failure is not null)
        {
            throw new RankFailedException($"The processes of this job cannot train together any more: {_failure} Start the job again.");
        }

        List<(int Rank, nint Request)> pending =
        [
            .. Messages(receives).Select(message => (message.Peer, _mpi.Receive(message.Data, (int)message.Bytes, message.Peer, DataTag))),
            .. Messages(sends).Select(message => (message.Peer, _mpi.Send(message.Data, (int)message.Bytes, message.Peer, DataTag))),
        ];
        long last = Stopwatch.GetTimestamp();
        long looked = last;
        while (true)
        {
            int done = pending.RemoveAll(message => _mpi.IsDone(message.Request));
            if (pending.Count == 0)
            {
                return;
            }

            if (done > 0)
            {
                last = Stopwatch.GetTimestamp();
                continue;
            }

            TimeSpan waited = Stopwatch.GetElapsedTime(last);
            if (waited < PollingTime)
            {
                // Another rank may need this core.
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(1);
            }

            if (Stopwatch.GetElapsedTime(looked) > PollingTime)
            {
                looked = Stopwatch.GetTimestamp();
                ThrowIfFailed();
                ThrowIfLate(waited, pending.Select(message => message.Rank));
            }
        }
    }

    /// <summary>Ends MPI if all ranks are in step.</summary>
    public void Close()
    {
        if (!HasFailed)
        {
            _mpi.Close();
        }
    }

    private static IEnumerable<Transfer> Messages(IEnumerable<Transfer> transfers)
    {
        foreach (Transfer transfer in transfers)
        {
            for (long start = 0; start < transfer.Bytes; start += MaxMessageBytes)
            {
                yield return new Transfer(transfer.Peer, transfer.Data + (nint)start, Math.Min(MaxMessageBytes, transfer.Bytes - start));
            }
        }
    }

    private void ThrowIfFailed()
    {
        if (!_mpi.HasMessage(FailureTag))
        {
            return;
        }

        nint message = (nint)NativeMemory.AllocZeroed(FailureBytes);
        nint request = _mpi.ReceiveAny(message, FailureBytes, FailureTag);
        while (!_mpi.IsDone(request))
        {
            Thread.Yield();
        }

        ReadOnlySpan<byte> bytes = new((void*)message, FailureBytes);
        int rank = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        ReadOnlySpan<byte> text = bytes[sizeof(int)..];
        string reason = Encoding.UTF8.GetString(text[..text.IndexOf((byte)0)]);
        NativeMemory.Free((void*)message);
        _failure = $"{Identities[rank]} failed: {reason}";
        throw new RankFailedException(_failure);
    }

    private void ThrowIfLate(TimeSpan waited, IEnumerable<int> ranks)
    {
        if (waited < Timeout)
        {
            return;
        }

        string reason = FormattableString.Invariant(
            $"{string.Join(", ", ranks.Distinct().Order().Select(rank => Identities[rank]))} did not answer for {Timeout.TotalMinutes:0.##} minutes."
        );
        Abort(reason);
        throw new RankFailedException($"{reason} It was stopped, hangs, or needs longer: see Distributed.Timeout.");
    }

    private RankIdentity[] GatherIdentities()
    {
        const int Bytes = 512;
        Identities = [.. Enumerable.Range(0, World).Select(rank => new RankIdentity(rank, "unknown host", 0, ""))];
        byte[] all = new byte[World * Bytes];
        Encoding.UTF8.GetEncoder().Convert(RankIdentity.Own(Rank, _mpi.Host).ToText(), all.AsSpan(Rank * Bytes, Bytes - 1), flush: true, out _, out _, out _);
        fixed (byte* start = all)
        {
            nint first = (nint)start;
            Exchange(
                [.. Others().Select(rank => new Transfer(rank, first + (Rank * Bytes), Bytes))],
                [.. Others().Select(rank => new Transfer(rank, first + (rank * Bytes), Bytes))]
            );
        }

        return [.. Enumerable.Range(0, World).Select(rank => RankIdentity.Parse(rank, Encoding.UTF8.GetString(all, rank * Bytes, Bytes).TrimEnd('\0')))];
    }
}

/// <summary>Where a rank runs.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Host">The name of its computer.</param>
/// <param name="Process">The number of its process there.</param>
/// <param name="VisibleGpus">Its CUDA_VISIBLE_DEVICES; empty if it sees all GPUs of the computer.</param>
internal sealed record RankIdentity(int Rank, string Host, int Process, string VisibleGpus)
{
    public static RankIdentity Own(int rank, string host) =>
        new(rank, host, Environment.ProcessId, Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") ?? "");

    public static RankIdentity Parse(int rank, string text)
    {
        string[] parts = text.Split('\t');
        return new RankIdentity(rank, parts[0], int.Parse(parts[1], System.Globalization.CultureInfo.InvariantCulture), parts[2]);
    }

    public string ToText() => FormattableString.Invariant($"{Host}\t{Process}\t{VisibleGpus}");

    public override string ToString() => FormattableString.Invariant($"Rank {Rank} (host {Host}, process {Process})");

    /// <summary>The GPU of a rank: ranks of one host that see the same GPUs take one each, in the order of the ranks.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="rank">This rank.</param>
    /// <param name="gpus">The number of GPUs that this rank sees.</param>
    /// <param name="localRank">The value of LOCAL_RANK; null if the launcher does not set it.</param>
    /// <exception cref="InvalidOperationException">There are more ranks than GPUs.</exception>
    public static int GpuOf(IReadOnlyList<RankIdentity> ranks, int rank, int gpus, int? localRank)
    {
        RankIdentity own = ranks[rank];
        RankIdentity[] beside = [.. ranks.Where(other => other.Host == own.Host && other.VisibleGpus == own.VisibleGpus)];
        int gpu = localRank ?? Array.IndexOf(beside, own);
        return beside.Length <= gpus && gpu < gpus
            ? gpu
            : throw new InvalidOperationException(
                FormattableString.Invariant(
                    $"{beside.Length} ranks run on host {own.Host}, which has {gpus} GPU(s) for them; NCCL needs a GPU for each rank. Start at most {gpus} rank(s) "
                ) + "per host, or train on the CPU."
            );
    }
}
