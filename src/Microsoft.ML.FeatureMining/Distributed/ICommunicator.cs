using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>
/// The processes that train together, as MPI's communicator: each has a rank, and all call the same operations in the same order. Not thread-safe.
/// </summary>
internal interface ICommunicator
{
    /// <summary>The number of this process, from 0.</summary>
    int Rank { get; }

    /// <summary>The number of processes.</summary>
    int World { get; }

    /// <summary>
    /// Replaces values by their sum over all ranks and over the calls before it that had the same running sum. The values are added in the order of the calls
    /// and, within a call, of the ranks; in double precision, and rounded once to the type of the values. So the result is bit-identical for any number of
    /// ranks that contribute the same values in the same order.
    /// </summary>
    /// <param name="values">float32 or float64, contiguous; the same shape on all ranks.</param>
    /// <param name="running">The sum of the calls before; null for none.</param>
    /// <param name="more">True if more values follow: adds to <paramref name="running"/> only and leaves <paramref name="values"/> unchanged. False ends the
    /// running sum, which starts again at 0.</param>
    void Sum(Tensor values, RunningSum? running = null, bool more = false);

    /// <summary>Copies the bytes of rank 0 to all ranks; the same length on all ranks.</summary>
    void Broadcast(Span<byte> bytes);

    /// <summary>Waits until all ranks are here.</summary>
    void Barrier();

    /// <summary>
    /// Makes the operations of all other ranks throw a <see cref="RankFailedException"/> with this reason, if this rank cannot continue. Nothing can be called
    /// afterwards.
    /// </summary>
    void Abort(string reason);
}

/// <summary>Operations made of those of <see cref="ICommunicator"/>.</summary>
internal static class CommunicatorExtensions
{
    /// <summary>Whether a condition is true on any rank.</summary>
    public static bool Any(this ICommunicator ranks, bool condition)
    {
        if (ranks.World == 1)
        {
            return condition;
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor count = tensor([condition ? 1.0 : 0.0], ScalarType.Float64);
        ranks.Sum(count);
        return count.item<double>() > 0;
    }

    /// <summary>Copies the values of rank 0 to all ranks; the same names and shapes on all ranks.</summary>
    public static void ShareTensors(this ICommunicator ranks, IEnumerable<(string Name, Tensor Value)> tensors)
    {
        if (ranks.World == 1)
        {
            return;
        }

        using IDisposable noGrad = no_grad();
        foreach ((_, Tensor value) in tensors)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor host = value.cpu().contiguous();
            ranks.Broadcast(host.bytes);
            if (ranks.Rank > 0)
            {
                value.copy_(host);
            }
        }
    }

    /// <summary>Returns the bytes of rank 0, of any length, on all ranks; null if rank 0 has none.</summary>
    public static byte[]? Share(this ICommunicator ranks, byte[]? bytes)
    {
        Span<long> length = [bytes?.Length ?? -1];
        ranks.Broadcast(MemoryMarshal.AsBytes(length));
        if (length[0] < 0)
        {
            return null;
        }

        byte[] shared = ranks.Rank == 0 ? bytes! : new byte[length[0]];
        ranks.Broadcast(shared);
        return shared;
    }
}

/// <summary>A sum over several calls of <see cref="ICommunicator.Sum"/>.</summary>
internal sealed class RunningSum : IDisposable
{
    /// <summary>The sum over all ranks of the values that this rank owns; null if it is 0.</summary>
    public Tensor? Total { get; private set; }

    /// <summary>The sum of the values of this rank that are not yet part of <see cref="Total"/>; null if it is 0.</summary>
    public Tensor? Local { get; private set; }

    /// <summary>Starts or continues the sum over all ranks.</summary>
    public void KeepTotal(Tensor total) => Total = total.DetachFromDisposeScope();

    /// <summary>Adds values to the sum of this rank.</summary>
    public void AddLocal(Tensor values) => Local = Local is null ? values.clone().DetachFromDisposeScope() : Local.Add_(values);

    /// <summary>Sets the sum to 0.</summary>
    public void Dispose()
    {
        Total?.Dispose();
        Local?.Dispose();
        (Total, Local) = (null, null);
    }
}

/// <summary>Another process of the job failed or does not answer. The message says which and why.</summary>
public sealed class RankFailedException : Exception
{
    /// <param name="message">Which rank, and why.</param>
    public RankFailedException(string message)
        : base(message) { }
}
