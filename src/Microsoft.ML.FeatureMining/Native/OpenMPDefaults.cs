using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Sets environment variables of libtorch's OpenMP, unless the user has set them. Threads that wait for the next operation spin shortly and then sleep. By
/// default they spin for milliseconds, which takes the cores from decoding threads and from other processes; if they sleep at once, waking them up costs up to
/// a third of a step (docs/BENCHMARKS.md). A container with a CPU limit gets as many threads as the limit allows: OpenMP does not see it.
/// </summary>
internal static class OpenMPDefaults
{
    private const string WaitPolicy = "OMP_WAIT_POLICY";
    private const string SpinCount = "GOMP_SPINCOUNT";
    private const string Threads = "OMP_NUM_THREADS";

    // 8192 CPUs.
    private const int MaskBytes = 1024;

    /// <summary>Call it before libtorch is loaded, which reads the variables once. Does nothing on Windows, whose OpenMP does not read them.</summary>
    public static void Set()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        if (IsUnset(WaitPolicy) && IsUnset(SpinCount) && IsUnset("KMP_BLOCKTIME"))
        {
            // GCC's OpenMP, on Linux, and LLVM's, on macOS.
            SetNative(SpinCount, "2000");
            SetNative("KMP_BLOCKTIME", "0");
        }

        // .NET counts by the limit of the container.
        if (IsUnset(Threads) && IsUnset("MKL_NUM_THREADS") && Environment.ProcessorCount < UsableProcessors)
        {
            SetNative(Threads, FormattableString.Invariant($"{Environment.ProcessorCount}"));
        }
    }

    /// <summary>The number of CPUs that the process may run on, without a container's limit on CPU time; 0 if it is not known.</summary>
    private static int UsableProcessors
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                return 0;
            }

            byte[] mask = new byte[MaskBytes];
            return sched_getaffinity(0, MaskBytes, mask) == 0 ? mask.Sum(part => BitOperations.PopCount(part)) : 0;
        }
    }

    private static bool IsUnset(string name) => Environment.GetEnvironmentVariable(name) is null;

    // .NET's SetEnvironmentVariable does not change the environment that native code reads.
    private static void SetNative(string name, string value) => _ = setenv(Terminated(name), Terminated(value), overwrite: 0);

    private static byte[] Terminated(string text) => Encoding.ASCII.GetBytes(text + "\0");

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setenv(byte[] name, byte[] value, int overwrite);

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int sched_getaffinity(int process, nint size, byte[] mask);
}
