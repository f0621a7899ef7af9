using System.Runtime.InteropServices;
using System.Text;
using Microsoft.ML.FeatureMining;

namespace TestPrograms;

/// <summary>NativeEnvironment NAME: uses the library and prints the value of an environment variable as native code sees it.</summary>
internal static class NativeEnvironment
{
    public static void Run(string[] args)
    {
        _ = new FeatureMiningOptions();
        Console.WriteLine(Marshal.PtrToStringUTF8(getenv(Encoding.ASCII.GetBytes(args[0] + "\0"))) ?? "not set");
    }

    [DllImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint getenv(byte[] name);
}
