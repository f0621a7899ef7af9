using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Two rows of levels with a fraction become one of bytes in between: the same with vectors as without.</summary>
internal static class BlendedRows
{
    private const int Lane = 16;
    private const short Half = 1 << (BlendedPixels.Fraction - 1);

    /// <param name="upper">Levels.</param>
    /// <param name="lower">As many.</param>
    /// <param name="weight">How much the lower one counts, in 1/32768.</param>
    /// <param name="target">As many bytes.</param>
    public static void Blend(ReadOnlySpan<short> upper, ReadOnlySpan<short> lower, short weight, Span<byte> target)
    {
        int at = 0;
        if (Avx2.IsSupported)
        {
            ref short one = ref MemoryMarshal.GetReference(upper[..target.Length]);
            ref short other = ref MemoryMarshal.GetReference(lower[..target.Length]);
            for (; at <= target.Length - Lane; at += Lane)
            {
                Vector256<short> from = Vector256.LoadUnsafe(ref one, (nuint)at), to = Vector256.LoadUnsafe(ref other, (nuint)at);
                Vector256<short> between = from + Avx2.MultiplyHighRoundScale(to - from, Vector256.Create(weight));
                Vector256<short> levels = (between + Vector256.Create(Half)) >> BlendedPixels.Fraction;
                Sse2.PackUnsignedSaturate(levels.GetLower(), levels.GetUpper()).CopyTo(target[at..]);
            }
        }

        for (; at < target.Length; at++)
        {
            target[at] = (byte)((BlendedPixels.Between(upper[at], lower[at], weight) + Half) >> BlendedPixels.Fraction);
        }
    }
}
