using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Sums of rows one below the other by fixed-point weights (<see cref="ResampleWeights"/>), the pass of resizing along columns: the same integers with vectors as without.</summary>
internal static class WeightedRows
{
    private const int Lane = 32;

    /// <summary>One row.</summary>
    /// <param name="source">Rows one below the other, from the first that counts.</param>
    /// <param name="weights">Which rows make which.</param>
    /// <param name="y">Which one is made.</param>
    /// <param name="target">Its bytes; as many has a row of the source.</param>
    public static void Sum(ReadOnlySpan<byte> source, ResampleWeights weights, int y, Span<byte> target)
    {
        int row = target.Length;
        ReadOnlySpan<int> taps = weights.Taps(y);
        source = source[..(row * taps.Length)];
        if (Avx2.IsSupported && row >= Lane)
        {
            // The last ones are summed twice where the row is no multiple.
            for (int at = 0; at < row; at += Lane)
            {
                int place = Math.Min(at, row - Lane);
                OfThirtyTwo(source[place..], row, taps.Length, weights.Quads(y)).CopyTo(target[place..]);
            }
            return;
        }
        for (int at = 0; at < row; at++)
        {
            int sum = ResampleWeights.Half;
            for (int t = 0, i = at; t < taps.Length; t++, i += row)
                sum += source[i] * taps[t];
            target[at] = ResampleWeights.ToByte(sum);
        }
    }

    private static Vector256<byte> OfThirtyTwo(ReadOnlySpan<byte> source, int row, int rows, ReadOnlySpan<Vector256<short>> quads)
    {
        ref byte start = ref MemoryMarshal.GetReference(source);
        Vector256<int> a = default, b = default, c = default, d = default, e = default, f = default, g = default, h = default;
        for (int t = 0; t < rows; t += 2)
        {
            Vector256<byte> one = Vector256.LoadUnsafe(ref start, (nuint)(t * row));
            // Where there is no second one, its weight is 0.
            Vector256<byte> other = t + 1 < rows ? Vector256.LoadUnsafe(ref start, (nuint)((t + 1) * row)) : default;
            int quad = t / 4 * 2;
            (Vector256<short> upper, Vector256<short> lower) = (Pair(quads[quad], t), Pair(quads[quad + 1], t));
            Vector256<byte> left = Avx2.UnpackLow(one, other), right = Avx2.UnpackHigh(one, other);
            Add(Avx2.UnpackLow(left, Vector256<byte>.Zero), upper, lower, ref a, ref b);
            Add(Avx2.UnpackHigh(left, Vector256<byte>.Zero), upper, lower, ref c, ref d);
            Add(Avx2.UnpackLow(right, Vector256<byte>.Zero), upper, lower, ref e, ref f);
            Add(Avx2.UnpackHigh(right, Vector256<byte>.Zero), upper, lower, ref g, ref h);
        }
        return Avx2.PackUnsignedSaturate(Avx2.PackSignedSaturate(Levels(a, b), Levels(c, d)), Avx2.PackSignedSaturate(Levels(e, f), Levels(g, h)));

        static Vector256<int> Levels(Vector256<int> high, Vector256<int> low) => ResampleWeights.ToLevels(ResampleWeights.Whole(high, low));
    }

    // Weights for two rows, for all pixels.
    private static Vector256<short> Pair(Vector256<short> quad, int t)
    {
        Vector128<short> half = t % 4 < 2 ? quad.GetLower() : quad.GetUpper();
        return Vector256.Create(half, half);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<byte> pairs, Vector256<short> high, Vector256<short> low, ref Vector256<int> highSum, ref Vector256<int> lowSum)
    {
        highSum += Avx2.MultiplyAddAdjacent(pairs.AsInt16(), high);
        lowSum += Avx2.MultiplyAddAdjacent(pairs.AsInt16(), low);
    }
}
