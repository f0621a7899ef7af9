using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>
/// Ranks with a GPU each: tensors on GPUs are summed by NCCL, everything else goes through MPI. NCCL chooses the order of the additions, so sums are not
/// bit-identical for another number of ranks; neither are other operations on GPUs.
/// </summary>
internal sealed class NcclCommunicator : ICommunicator, IDisposable
{
    // How often errors of running operations are looked for.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly NcclLibrary _nccl;
    private readonly ICommunicator _mpi;
    private readonly DeviceType _device;
    private readonly Timer _watch;
    private volatile Exception? _failure;

    /// <param name="nccl">NCCL.</param>
    /// <param name="mpi">The same ranks, connected.</param>
    /// <param name="device">The kind of tensors to sum by NCCL.</param>
    public NcclCommunicator(NcclLibrary nccl, ICommunicator mpi, DeviceType device = DeviceType.CUDA)
    {
        (_nccl, _mpi, _device) = (nccl, mpi, device);
        NcclLibrary.UniqueId id = Rank == 0 ? nccl.CreateId() : default;
        mpi.Broadcast(MemoryMarshal.AsBytes(new Span<NcclLibrary.UniqueId>(ref id)));
        nccl.Join(id, Rank, World);
        _watch = new Timer(_ => Watch(), null, Interval, Interval);
    }

    public int Rank => _mpi.Rank;

    public int World => _mpi.World;

    public void Sum(Tensor values, RunningSum? running = null, bool more = false)
    {
        if (values.device.type != _device)
        {
            _mpi.Sum(values, running, more);
            return;
        }

        ThrowIfFailed();
        using IDisposable noGrad = no_grad();
        if (more)
        {
            running!.AddLocal(values);
            return;
        }

        if (running?.Local is { } local)
        {
            values.Add_(local);
            running.Dispose();
        }

        _nccl.Sum(values);
    }

    public void Broadcast(Span<byte> bytes) => _mpi.Broadcast(bytes);

    public void Barrier() => _mpi.Barrier();

    public void Abort(string reason)
    {
        _watch.Dispose();
        _mpi.Abort(reason);
        _nccl.Abort();
    }

    public void Dispose() => _watch.Dispose();

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new RankFailedException($"Rank {Rank} cannot sum over the GPUs. {failure.Message}");
        }
    }

    // A kernel that waits for another rank blocks this process until NCCL gives up.
    private void Watch()
    {
        try
        {
            _nccl.ThrowIfFailed();
        }
        catch (InvalidOperationException e)
        {
            _failure = e;
            _watch.Dispose();
            _nccl.Abort();
        }
    }
}
