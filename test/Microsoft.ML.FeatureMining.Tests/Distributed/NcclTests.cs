using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>The calls of NCCL, order and arguments, against a library that writes them down. NCCL itself needs GPUs.</summary>
public sealed class NcclTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [SkippableFact]
    public void Sum_TensorsOnTheDevice_AreSummedByNcclOnTheDefaultStream()
    {
        (NcclLibrary nccl, Func<string> calls, _) = Build();

        float[][] sums = ThreadCommunicator.Run(
            1,
            mpi =>
            {
                using DisposeScope scope = NewDisposeScope();
                using NcclCommunicator ranks = new(nccl, new TwoRanks(mpi), DeviceType.CPU);
                using RunningSum running = new();
                Tensor first = tensor([1f, 2f, 3f]),
                    second = tensor([10f, 20f, 30f]),
                    total = tensor([0.5, 0.25], ScalarType.Float64);
                ranks.Sum(first, running, more: true);
                ranks.Sum(second, running);
                ranks.Sum(total);
                Assert.Equal([1.0, 0.5], total.data<double>().ToArray());
                return second.data<float>().ToArray();
            }
        );

        Assert.Equal([22f, 44f, 66f], sums[0]);
        Assert.Equal("id\ninit 0 of 2, job 7\nsum 3, type 7, op 0, stream (nil), in place 1\nsum 2, type 8, op 0, stream (nil), in place 1\n", calls());
    }

    [SkippableFact]
    public void Sum_AfterAnAsynchronousError_ThrowsWithTheRank()
    {
        (NcclLibrary nccl, Func<string> calls, Action<int> fail) = Build();
        using NcclCommunicator ranks = new(nccl, new TwoRanks(new SingleProcess()), DeviceType.CPU);
        using Tensor values = tensor([1f]);
        fail(6);

        RankFailedException? error = null;
        for (Stopwatch watch = Stopwatch.StartNew(); error is null && watch.Elapsed < TimeSpan.FromSeconds(20); Thread.Sleep(50))
        {
            error = Record.Exception(() => ranks.Sum(values)) as RankFailedException;
        }

        Assert.Equal(
            "Rank 0 cannot sum over the GPUs. An operation of NCCL returned the error 6. Set NCCL_DEBUG=INFO in the environment to see why.",
            error?.Message
        );
        Assert.EndsWith("abort\n", calls(), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Sum_TensorsElsewhere_AreSummedByMpi()
    {
        (NcclLibrary nccl, Func<string> calls, _) = Build();

        double[][] sums = ThreadCommunicator.Run(
            2,
            mpi =>
            {
                using NcclCommunicator ranks = new(nccl, mpi, DeviceType.CUDA);
                using Tensor values = tensor([mpi.Rank + 1.0], ScalarType.Float64);
                ranks.Sum(values);
                return values.data<double>().ToArray();
            }
        );

        Assert.All(sums, sum => Assert.Equal([3.0], sum));
        // The id of rank 0 has reached rank 1.
        Assert.Equal(["id", "init 0 of 2, job 7", "init 1 of 2, job 7"], calls().Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
    }

    public void Dispose() => _folder.Dispose();

    // Each test has a library of its own: a second load of the same file gives the first one.
    private (NcclLibrary Library, Func<string> Calls, Action<int> Fail) Build()
    {
        string library = _folder["libfake_nccl.so"];
        try
        {
            using Process compiler = Process.Start(
                "cc",
                ["-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "Distributed", "fake_nccl.c")]
            );
            compiler.WaitForExit();
            Assert.Equal(0, compiler.ExitCode);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new SkipException("There is no C compiler (cc) to build the library that stands for NCCL.");
        }

        nint handle = NativeLibrary.Load(library);
        FakeCalls calls = Marshal.GetDelegateForFunctionPointer<FakeCalls>(NativeLibrary.GetExport(handle, "fake_calls"));
        FakeFail fail = Marshal.GetDelegateForFunctionPointer<FakeFail>(NativeLibrary.GetExport(handle, "fake_fail"));
        return (NcclLibrary.LoadFile(library), () => Marshal.PtrToStringUTF8(calls())!, code => fail(code));
    }

    private delegate nint FakeCalls();

    private delegate void FakeFail(int code);

    // Rank 0 of 2, without the other one.
    private sealed class TwoRanks(ICommunicator alone) : ICommunicator
    {
        public int Rank => 0;

        public int World => 2;

        public void Sum(Tensor values, RunningSum? running = null, bool more = false) => alone.Sum(values, running, more);

        public void Broadcast(Span<byte> bytes) { }

        public void Barrier() { }

        public void Abort(string reason) { }
    }
}
