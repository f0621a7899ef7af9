using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>
/// Collective operations over messages between pairs of ranks. A sum is a reduce-scatter followed by an all-gather: each rank owns a slice of the values,
/// receives this slice from all ranks, adds it up in the order of the ranks, and sends the result to all. A rank sends and receives as many bytes as in a ring
/// all-reduce, but the order of the additions does not depend on the number of ranks.
/// </summary>
internal abstract class PeerCommunicator : ICommunicator
{
    public abstract int Rank { get; }

    public abstract int World { get; }

    /// <summary>
    /// Whether a running sum is first added up on each rank, in the type of the values, and exchanged only once, at its end. Faster; the least significant bits
    /// then depend on the number of ranks.
    /// </summary>
    public bool LocalFirst { get; set; }

    public void Sum(Tensor values, RunningSum? running = null, bool more = false)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        if (LocalFirst && more)
        {
            running!.AddLocal(values);
            return;
        }

        if (running?.Local is { } local)
        {
            values.Add_(local);
        }

        // A single rank without earlier values has nothing to add.
        if (values.numel() > 0 && (World > 1 || more || running?.Total is not null))
        {
            Reduce(values.view(-1), running, more);
        }

        if (!more)
        {
            running?.Dispose();
        }
    }

    public void Broadcast(Span<byte> bytes)
    {
        // A binomial tree: the ranks that have the bytes double in each round.
        for (int have = 1; have < World; have *= 2)
        {
            Transfer[] sends = [],
                receives = [];
            unsafe
            {
                fixed (byte* start = bytes)
                {
                    if (Rank < have && Rank + have < World)
                    {
                        sends = [new Transfer(Rank + have, (nint)start, bytes.Length)];
                    }
                    else if (Rank >= have && Rank < 2 * have)
                    {
                        receives = [new Transfer(Rank - have, (nint)start, bytes.Length)];
                    }

                    Exchange(sends, receives);
                }
            }
        }
    }

    public unsafe void Barrier()
    {
        byte[] arrived = new byte[World];
        fixed (byte* start = arrived)
        {
            nint first = (nint)start;
            Exchange([.. Others().Select(rank => new Transfer(rank, first + Rank, 1))], [.. Others().Select(rank => new Transfer(rank, first + rank, 1))]);
        }
    }

    public abstract void Abort(string reason);

    /// <summary>
    /// Sends and receives messages and returns when all have arrived. Messages between two ranks arrive in the order in which they are sent; a transfer of no
    /// bytes needs no message.
    /// </summary>
    /// <exception cref="RankFailedException">A rank failed, or has not answered for too long.</exception>
    protected abstract void Exchange(IReadOnlyList<Transfer> sends, IReadOnlyList<Transfer> receives);

    protected IEnumerable<int> Others() => Enumerable.Range(0, World).Where(rank => rank != Rank);

    private void Reduce(Tensor values, RunningSum? running, bool more)
    {
        Tensor host = values.device.type == DeviceType.CPU || World == 1 ? values : values.cpu();
        (long start, long length) = Slice(host, Rank);
        Tensor received = empty([World > 1 ? World : 0, length], host.dtype); // one row per rank
        Exchange([.. Others().Select(rank => TransferOf(host, rank))], [.. Others().Select(rank => TransferOf(received[rank], rank, 0, length))]);
        Tensor total = running?.Total ?? zeros([length], ScalarType.Float64, host.device);
        for (int rank = 0; rank < World; rank++)
        {
            total.Add_(rank == Rank ? host.narrow(0, start, length) : received[rank]);
        }

        if (more)
        {
            running!.KeepTotal(total);
            return;
        }

        host.narrow(0, start, length).copy_(total);
        Exchange([.. Others().Select(rank => TransferOf(host, rank, start, length))], [.. Others().Select(rank => TransferOf(host, rank))]);
        if (!ReferenceEquals(host, values))
        {
            values.copy_(host);
        }
    }

    private (long Start, long Length) Slice(Tensor values, int rank)
    {
        long start = values.numel() * rank / World;
        return (start, (values.numel() * (rank + 1) / World) - start);
    }

    // To or from a rank: the slice that the rank owns.
    private Transfer TransferOf(Tensor values, int rank) => Slice(values, rank) is var (start, length) ? TransferOf(values, rank, start, length) : default;

    private static Transfer TransferOf(Tensor values, int rank, long start, long length) =>
        new(rank, TensorMemory.AddressOf(values) + (nint)(start * values.ElementSize), length * values.ElementSize);
}

/// <summary>A message to or from another rank.</summary>
/// <param name="Peer">The other rank.</param>
/// <param name="Data">The address of the bytes.</param>
/// <param name="Bytes">The number of bytes.</param>
internal readonly record struct Transfer(int Peer, nint Data, long Bytes);

/// <summary>One process that trains alone.</summary>
internal sealed class SingleProcess : PeerCommunicator
{
    public override int Rank => 0;

    public override int World => 1;

    public override void Abort(string reason) { }

    protected override void Exchange(IReadOnlyList<Transfer> sends, IReadOnlyList<Transfer> receives) { }
}

/// <summary>The address of a tensor's first value, on any device. TorchSharp gives it for the CPU only, and there as a span, which has at most 2 GiB.</summary>
internal static unsafe class TensorMemory
{
    // A C function of libtorch's stable ABI (AOTInductor).
    private static readonly delegate* unmanaged<nint, nint*, int> GetDataPtr = (delegate* unmanaged<nint, nint*, int>)
        NativeLibrary.GetExport(NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, searchPath: null), "aoti_torch_get_data_ptr");

    public static nint AddressOf(Tensor tensor)
    {
        nint address;
        return GetDataPtr(tensor.Handle, &address) == 0 ? address : throw new InvalidOperationException("libtorch does not give the address of a tensor.");
    }
}
