using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Makes glibc keep freed native memory in the process. A training step allocates and frees the same large blocks again and again. By default glibc maps and
/// unmaps each of them, and a tenth of a CPU step goes into page faults (cifar-resnet-20, batch size 128, libtorch 2.10: 18,000 faults per step; with these
/// settings 1,500). <see cref="Trim"/> returns the memory when a run ends. The AppContext switch <c>Microsoft.ML.FeatureMining.KeepFreedMemory</c> = false
/// turns it off. No effect with other C libraries.
/// </summary>
internal static class NativeHeap
{
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MapLimit = -4;
    private const int HeapBytes = 64 << 20;

    private static readonly bool Tuned = Tune();

    /// <summary>Applies the settings once per process; false if they are off or not supported.</summary>
    public static bool KeepFreed() => Tuned;

    /// <summary>Returns unused memory to the operating system.</summary>
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
            // glibc unmaps the heap of a secondary thread as soon as it is empty, unless the pad is as large as the heap.
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
