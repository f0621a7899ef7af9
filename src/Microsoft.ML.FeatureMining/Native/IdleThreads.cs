using System.Runtime.InteropServices;
using System.Text;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Lets libtorch's OpenMP threads sleep while they wait for work. By default they spin, which takes the cores from decoding threads and from other processes:
/// beside other work, two threads were three times slower than one (docs/BENCHMARKS.md).
/// </summary>
internal static class IdleThreads
{
    // Any of these says that the user has chosen: OpenMP's own, GCC's and LLVM's.
    private static readonly string[] Choices = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"];

    /// <summary>Call it before libtorch is loaded, which reads the variable once. Does nothing on Windows, whose OpenMP has no such variable.</summary>
    public static void LetThemSleep()
    {
        if (!OperatingSystem.IsWindows() && Array.TrueForAll(Choices, name => Environment.GetEnvironmentVariable(name) is null))
        {
            // .NET's SetEnvironmentVariable does not change the environment that native code reads.
            _ = setenv(Terminated(Choices[0]), Terminated("PASSIVE"), overwrite: 0);
        }
    }

    private static byte[] Terminated(string text) => Encoding.ASCII.GetBytes(text + "\0");

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int setenv(byte[] name, byte[] value, int overwrite);
}
