using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>Whether the CPU multiplies bfloat16 numbers by itself. libtorch converts them to float32 otherwise, which is slower than float32 alone.</summary>
internal static class BFloat16Instructions
{
    private const int ExtendedFeatures = 7;
    private const int Avx512BFloat16 = 5;

    /// <summary>False for an x86 processor without AVX512-BF16; true also for other processors, which are not examined.</summary>
    public static bool MayExist { get; } =
        !X86Base.IsSupported || (X86Base.CpuId(ExtendedFeatures, 0).Eax >= 1 && ((X86Base.CpuId(ExtendedFeatures, 1).Eax >> Avx512BFloat16) & 1) == 1);
}
