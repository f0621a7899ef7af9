using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Two rows of bytes become one of 16-bit numbers in between: the same with vectors as without.</summary>
internal static class BlendedRows
{
    private const int Lane = 8;

    /// <param name="upper">Bytes.</param>
    /// <param name="lower">As many.</param>
    /// <param name="weight">How much the lower one counts, in 1/32768.</param>
    /// <param name="target">At least as many; levels with a fraction.</param>
    public static void Blend(ReadOnlySpan<byte> upper, ReadOnlySpan<byte> lower, short weight, Span<short> target)
    {
        int at = 0;
        if (Ssse3.IsSupported)
        {
            ref byte one = ref MemoryMarshal.GetReference(upper);
            ref byte other = ref MemoryMarshal.GetReference(lower[..upper.Length]);
            for (; at <= upper.Length - Lane; at += Lane)
            {
                Vector128<short> from = Widen(ref one, at), to = Widen(ref other, at);
                (from + Ssse3.MultiplyHighRoundScale(to - from, Vector128.Create(weight))).CopyTo(target[at..]);
            }
        }

        for (; at < upper.Length; at++)
        {
            target[at] = BlendedPixels.Between((short)(upper[at] << BlendedPixels.Fraction), (short)(lower[at] << BlendedPixels.Fraction), weight);
        }
    }

    private static Vector128<short> Widen(ref byte row, int at) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref row, at))).AsByte()).AsInt16() << BlendedPixels.Fraction;
}
