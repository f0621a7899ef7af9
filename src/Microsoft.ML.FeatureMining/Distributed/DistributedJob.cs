using TorchSharp;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>The job that this process belongs to, if mpirun or srun started several.</summary>
/// <remarks>
/// Fit needs no call of this class. A program uses it to do something in one process only, such as saving the model: <c>if (DistributedJob.Rank == 0)</c>.
/// </remarks>
public static class DistributedJob
{
    private static readonly Lock Gate = new();
    private static readonly Launcher? Started = Launcher.Find(Environment.GetEnvironmentVariable);
    private static MpiCommunicator? _mpi;
    private static ICommunicator? _nccl;
    private static int _busy;

    /// <summary>The number of this process, from 0; 0 if it was started alone.</summary>
    public static int Rank => Started?.Rank ?? 0;

    /// <summary>The number of processes; 1 if this one was started alone.</summary>
    public static int World => Started?.World ?? 1;

    /// <summary>Connects to the other processes, at the first call.</summary>
    /// <exception cref="DllNotFoundException">There is no MPI library.</exception>
    /// <exception cref="InvalidOperationException">The MPI library is not that of the launcher, or another Fit runs in this process.</exception>
    internal static ICommunicator Join(DistributedSettings settings)
    {
        if (Started is null || !settings.Enabled)
        {
            return new SingleProcess();
        }

        if (Volatile.Read(ref _busy) > 1)
        {
            throw new InvalidOperationException("Several processes train together, so only one Fit can run at a time. Run the others before or after it.");
        }

        lock (Gate)
        {
            if (_mpi is null)
            {
                _mpi = new MpiCommunicator(MpiLibrary.Load(Started));
                // mpirun ends a job with an error if a process ends without this.
                AppDomain.CurrentDomain.ProcessExit += (_, _) => Leave();
            }

            (_mpi.Timeout, _mpi.LocalFirst) = (settings.Timeout, settings.SinglePrecisionSums);
            return _mpi;
        }
    }

    /// <summary>Chooses the GPU of this process, and sums over GPUs by NCCL.</summary>
    /// <param name="ranks">What <see cref="Join"/> returned.</param>
    /// <param name="device">The device that the options ask for.</param>
    /// <exception cref="InvalidOperationException">There are more ranks than GPUs.</exception>
    internal static (ICommunicator Ranks, torch.Device Device) OnDevice(ICommunicator ranks, torch.Device device)
    {
        if (device.type != DeviceType.CUDA || ranks is not MpiCommunicator mpi)
        {
            return (ranks, device);
        }

        int? localRank = int.TryParse(Environment.GetEnvironmentVariable("LOCAL_RANK"), out int set) ? set : null;
        torch.Device own = new(DeviceType.CUDA, RankIdentity.GpuOf(mpi.Identities, mpi.Rank, torch.cuda.device_count(), localRank));
        NcclLibrary.Select(own);
        lock (Gate)
        {
            _nccl ??= new NcclCommunicator(NcclLibrary.Load(), mpi);
            return (_nccl, own);
        }
    }

    /// <summary>The number of processes of this job on this computer, which share its memory.</summary>
    internal static int LocalWorld => _mpi is null ? 1 : _mpi.Identities.Count(other => other.Host == _mpi.Identities[_mpi.Rank].Host);

    /// <summary>The first rank on this computer.</summary>
    internal static int FirstLocalRank => _mpi?.Identities.First(other => other.Host == _mpi.Identities[_mpi.Rank].Host).Rank ?? 0;

    /// <summary>Marks that a Fit runs until the result is disposed. A process that ends in the middle of a Fit must not wait for the others.</summary>
    internal static IDisposable Busy() => new BusyScope();

    private static void Leave()
    {
        if (Volatile.Read(ref _busy) == 0)
        {
            _mpi?.Close();
        }
    }

    private sealed class BusyScope : IDisposable
    {
        public BusyScope() => Interlocked.Increment(ref _busy);

        public void Dispose() => Interlocked.Decrement(ref _busy);
    }
}
