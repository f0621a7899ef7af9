using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Distributed;

/// <summary>The functions of NCCL that this library uses, by P/Invoke, on the default CUDA stream, where TorchSharp runs everything.</summary>
internal sealed unsafe class NcclLibrary
{
    private const int Float32 = 7;
    private const int Float64 = 8;
    private const int SumOperation = 0;
    private const int InProgress = 7;

    private static readonly string[] Names = ["libnccl.so.2", "libtorch_cuda.so"];

    private readonly nint _library;
    private nint _communicator;

    private NcclLibrary(nint library) => _library = library;

    /// <summary>Selects the GPU of this thread: NCCL uses the thread's current one.</summary>
    public static void Select(Device device)
    {
        // Comes with the CUDA build of libtorch.
        if (
            NativeLibrary.TryLoad("libtorch_cuda.so", typeof(torch).Assembly, searchPath: null, out nint cuda)
            && NativeLibrary.TryGetExport(cuda, "aoti_torch_create_cuda_guard", out nint select)
        )
        {
            // Never released: the thread keeps its GPU.
            nint guard;
            Check(((delegate* unmanaged<int, nint*, int>)select)(device.index, &guard), "aoti_torch_create_cuda_guard");
        }
    }

    /// <summary>Loads NCCL.</summary>
    /// <exception cref="DllNotFoundException">There is no NCCL.</exception>
    public static NcclLibrary Load()
    {
        foreach (string name in Names)
        {
            if (
                (NativeLibrary.TryLoad(name, out nint library) || NativeLibrary.TryLoad(name, typeof(torch).Assembly, searchPath: null, out library))
                && NativeLibrary.TryGetExport(library, "ncclAllReduce", out _)
            )
            {
                return new NcclLibrary(library);
            }
        }

        throw new DllNotFoundException(
            $"Training on several GPUs needs NCCL, but none of {string.Join(", ", Names)} has it. Install libnccl2, add its folder to LD_LIBRARY_PATH, or train on "
                + "the CPU."
        );
    }

    /// <summary>Loads a library by its path, for tests.</summary>
    public static NcclLibrary LoadFile(string path) => new(NativeLibrary.Load(path));

    public UniqueId CreateId()
    {
        UniqueId id;
        Check(((delegate* unmanaged<UniqueId*, int>)Export("ncclGetUniqueId"))(&id), "ncclGetUniqueId");
        return id;
    }

    public void Join(UniqueId id, int rank, int world)
    {
        nint communicator;
        Check(((delegate* unmanaged<nint*, int, UniqueId, int, int>)Export("ncclCommInitRank"))(&communicator, world, id, rank), "ncclCommInitRank");
        _communicator = communicator;
    }

    /// <summary>Starts to replace values by their sum over all ranks, after all work that the default stream already has.</summary>
    public void Sum(Tensor values)
    {
        nint data = TensorMemory.AddressOf(values);
        int type = values.dtype == ScalarType.Float64 ? Float64 : Float32;
        Check(
            ((delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)Export("ncclAllReduce"))(
                data,
                data,
                (nuint)values.numel(),
                type,
                SumOperation,
                _communicator,
                0
            ),
            "ncclAllReduce"
        );
    }

    /// <summary>Throws the error of an operation that was started earlier.</summary>
    /// <exception cref="InvalidOperationException">An operation failed.</exception>
    public void ThrowIfFailed()
    {
        int error;
        Check(((delegate* unmanaged<nint, int*, int>)Export("ncclCommGetAsyncError"))(_communicator, &error), "ncclCommGetAsyncError");
        if (error != InProgress)
        {
            Check(error, "An operation");
        }
    }

    /// <summary>Ends all operations, also those that wait for another rank.</summary>
    public void Abort() => ((delegate* unmanaged<nint, int>)Export("ncclCommAbort"))(_communicator);

    private static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new InvalidOperationException(
                FormattableString.Invariant($"{function} of NCCL returned the error {result}. Set NCCL_DEBUG=INFO in the environment to see why.")
            );
        }
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);

    /// <summary>ncclUniqueId, which is passed by value.</summary>
    [StructLayout(LayoutKind.Sequential, Size = Bytes)]
    public struct UniqueId
    {
        public const int Bytes = 128;
    }
}
