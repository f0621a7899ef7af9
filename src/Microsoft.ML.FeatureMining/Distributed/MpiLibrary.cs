using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>
/// The functions of an MPI library that this library uses, by P/Invoke: Open MPI, or a library with MPICH's ABI (MPICH, Intel MPI, MVAPICH). Open MPI's handles
/// are the addresses of exported variables, MPICH's are numbers, so the exports tell which of the two it is. Messages are bytes only.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    // MPI_THREAD_SERIALIZED, in both: one thread at a time.
    private const int ThreadSerialized = 2;
    private const int MaxProcessorName = 256;

    private readonly nint _library;
    private readonly nint _world;
    private readonly nint _byte;
    private readonly nint _ignoredStatus;
    private readonly int _anySource;
    private readonly bool _isOwner;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _send;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _receive;
    private readonly delegate* unmanaged<nint*, int*, nint, int> _test;
    private readonly delegate* unmanaged<int, int, nint, int*, nint, int> _probe;

    private MpiLibrary(nint library, string name)
    {
        (_library, Name) = (library, name);
        bool isOpenMpi = NativeLibrary.TryGetExport(library, "ompi_mpi_comm_world", out _world);
        if (isOpenMpi)
        {
            (_byte, _ignoredStatus, _anySource) = (Export("ompi_mpi_byte"), 0, -1);
        }
        else
        {
            (_world, _byte, _ignoredStatus, _anySource) = (0x44000000, 0x4c00010d, 1, -2);
        }

        _send = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Export("MPI_Isend");
        _receive = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Export("MPI_Irecv");
        _test = (delegate* unmanaged<nint*, int*, nint, int>)Export("MPI_Test");
        _probe = (delegate* unmanaged<int, int, nint, int*, nint, int>)Export("MPI_Iprobe");
        int number;
        Check(((delegate* unmanaged<int*, int>)Export("MPI_Initialized"))(&number), "MPI_Initialized");
        // A program may use MPI itself.
        _isOwner = number == 0;
        if (_isOwner)
        {
            Check(((delegate* unmanaged<void*, void*, int, int*, int>)Export("MPI_Init_thread"))(null, null, ThreadSerialized, &number), "MPI_Init_thread");
        }

        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_rank"))(_world, &number), "MPI_Comm_rank");
        Rank = number;
        Check(((delegate* unmanaged<nint, int*, int>)Export("MPI_Comm_size"))(_world, &number), "MPI_Comm_size");
        World = number;
        byte* host = stackalloc byte[MaxProcessorName];
        Check(((delegate* unmanaged<byte*, int*, int>)Export("MPI_Get_processor_name"))(host, &number), "MPI_Get_processor_name");
        Host = Encoding.UTF8.GetString(host, number);
    }

    /// <summary>The file of the library.</summary>
    public string Name { get; }

    public int Rank { get; }

    public int World { get; }

    /// <summary>The name of this computer.</summary>
    public string Host { get; }

    /// <summary>Loads and initializes MPI.</summary>
    /// <exception cref="DllNotFoundException">There is no MPI library.</exception>
    /// <exception cref="InvalidOperationException">The library belongs to another MPI than the launcher.</exception>
    public static MpiLibrary Load(Launcher launcher)
    {
        string[] openMpi = ["libmpi.so.40", "libmpi.so"],
            mpich = ["libmpich.so.12", "libmpi.so.12", "libmpi_mpich.so"];
        string[] names = launcher.IsOpenMpi ? [.. openMpi, .. mpich] : [.. mpich, .. openMpi];
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                MpiLibrary mpi = new(library, name);
                return mpi.World == launcher.World
                    ? mpi
                    : throw new InvalidOperationException(
                        FormattableString.Invariant(
                            $"{launcher.Name} started {launcher.World} processes, but {name} sees {mpi.World}. Start the program with the mpirun of the same MPI; "
                        )
                            + "with Slurm, use srun --mpi=pmix (Open MPI) or --mpi=pmi2 (MPICH). To train in each process separately, set Distributed.Enabled to false."
                    );
            }
        }

        throw new DllNotFoundException(
            FormattableString.Invariant(
                $"{launcher.Name} started {launcher.World} processes, but there is no MPI library ({string.Join(", ", names)}). Install Open MPI or MPICH (on "
            ) + "Debian, openmpi-bin), add its folder to LD_LIBRARY_PATH, or set Distributed.Enabled to false to train in each process separately."
        );
    }

    /// <summary>Starts to send; the bytes must not change until the request is done.</summary>
    public nint Send(nint data, int bytes, int rank, int tag)
    {
        nint request = 0;
        Check(_send((void*)data, bytes, _byte, rank, tag, _world, &request), "MPI_Isend");
        return request;
    }

    /// <summary>Starts to receive; the memory must stay valid until the request is done.</summary>
    public nint Receive(nint data, int bytes, int rank, int tag)
    {
        nint request = 0;
        Check(_receive((void*)data, bytes, _byte, rank, tag, _world, &request), "MPI_Irecv");
        return request;
    }

    /// <summary>Starts to receive from any rank.</summary>
    public nint ReceiveAny(nint data, int bytes, int tag) => Receive(data, bytes, _anySource, tag);

    /// <summary>Whether a request is done.</summary>
    public bool IsDone(nint request)
    {
        int done;
        Check(_test(&request, &done, _ignoredStatus), "MPI_Test");
        return done != 0;
    }

    /// <summary>Whether a message of any rank waits.</summary>
    public bool HasMessage(int tag)
    {
        int waits;
        Check(_probe(_anySource, tag, _world, &waits, _ignoredStatus), "MPI_Iprobe");
        return waits != 0;
    }

    /// <summary>Ends MPI; waits until all ranks end it.</summary>
    public void Close()
    {
        if (_isOwner)
        {
            Check(((delegate* unmanaged<int>)Export("MPI_Finalize"))(), "MPI_Finalize");
        }
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    private static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{function} returned the error {result}."));
        }
    }
}
