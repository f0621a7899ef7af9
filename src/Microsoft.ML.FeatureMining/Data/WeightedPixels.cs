using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Sums of pixels side by side by fixed-point weights (<see cref="ResampleWeights"/>), the pass of resizing along rows: the same integers with vectors as without.</summary>
internal static class WeightedPixels
{
    private const int Rgb = 3;
    private const int Quad = 4;
    private const int Spare = 4;    // sixteen bytes are read for twelve
    private const byte None = 0x80;
    private const byte LowerHalves = 0x20;
    private const byte UpperHalves = 0x31;

    /// <summary>Rows of any number of channels.</summary>
    /// <param name="source">Rows, one after another.</param>
    /// <param name="row">Bytes from one source row to the next.</param>
    /// <param name="channels">Bytes of a pixel.</param>
    /// <param name="weights">Which pixels make which.</param>
    /// <param name="target">As many rows.</param>
    public static void OfRows(ReadOnlySpan<byte> source, int row, int channels, ResampleWeights weights, Span<byte> target)
    {
        int targetRow = weights.Count * channels;
        for (int y = 0; y < target.Length / targetRow; y++)
        {
            for (int x = 0; x < weights.Count; x++)
                OfPixels(source.Slice((y * row) + (weights.First(x) * channels)), weights.Taps(x), target.Slice((y * targetRow) + (x * channels), channels));
        }
    }

    /// <summary>The same of three channels, two rows and four pixels at a time where the processor can.</summary>
    public static void OfRgbRows(ReadOnlySpan<byte> source, int row, ResampleWeights weights, Span<byte> target)
    {
        int targetRow = weights.Count * Rgb;
        int rows = target.Length / targetRow;
        int y = 0;
        if (Avx2.IsSupported)
        {
            int reach = row + ((weights.Sources.End.Value + Quad) * Rgb) + Spare;
            for (; y + 2 <= rows && reach <= source.Length - (y * row); y += 2)
                OfTwoRows(source.Slice(y * row, reach), row, weights, target.Slice(y * targetRow, 2 * targetRow), targetRow);
        }
        // The last row of a part of a picture ends before the next one would begin.
        if (y < rows)
            OfRows(source[(y * row)..], row, Rgb, weights, target[(y * targetRow)..]);
    }

    private static void OfTwoRows(ReadOnlySpan<byte> source, int row, ResampleWeights weights, Span<byte> target, int targetRow)
    {
        // Each channel of two pixels side by side, in 16 bits.
        Vector256<byte> sides = Vector256.Create(
            0, None, 3, None, 1, None, 4, None, 2, None, 5, None, None, None, None, None,
            6, None, 9, None, 7, None, 10, None, 8, None, 11, None, None, None, None, None);
        ref byte start = ref MemoryMarshal.GetReference(source);
        ref byte to = ref MemoryMarshal.GetReference(target);
        for (int x = 0; x < weights.Count; x++, to = ref Unsafe.Add(ref to, Rgb))
        {
            ReadOnlySpan<Vector256<short>> quads = weights.Quads(x);
            Vector256<int> upperHigh = default, upperLow = default, lowerHigh = default, lowerLow = default;
            ref byte from = ref Unsafe.Add(ref start, weights.First(x) * Rgb);
            for (int t = 0; t + 1 < quads.Length; t += 2, from = ref Unsafe.Add(ref from, Quad * Rgb))
            {
                Vector128<byte> upper = Vector128.LoadUnsafe(ref from), lower = Vector128.LoadUnsafe(ref from, (nuint)row);
                Vector256<short> one = Avx2.Shuffle(Vector256.Create(upper, upper), sides).AsInt16(), other = Avx2.Shuffle(Vector256.Create(lower, lower), sides).AsInt16();
                upperHigh += Avx2.MultiplyAddAdjacent(one, quads[t]);
                upperLow += Avx2.MultiplyAddAdjacent(one, quads[t + 1]);
                lowerHigh += Avx2.MultiplyAddAdjacent(other, quads[t]);
                lowerLow += Avx2.MultiplyAddAdjacent(other, quads[t + 1]);
            }
            Vector256<int> first = ResampleWeights.Whole(upperHigh, upperLow), second = ResampleWeights.Whole(lowerHigh, lowerLow);
            Vector256<int> pixels = ResampleWeights.ToLevels(Avx2.Permute2x128(first, second, LowerHalves) + Avx2.Permute2x128(first, second, UpperHalves));
            Vector256<short> levels = Avx2.PackSignedSaturate(pixels, pixels);
            Vector256<uint> bytes = Avx2.PackUnsignedSaturate(levels, levels).AsUInt32();
            Put(bytes[0], ref to);
            Put(bytes[4], ref Unsafe.Add(ref to, targetRow));
        }
    }

    private static void Put(uint pixel, ref byte target)
    {
        Unsafe.WriteUnaligned(ref target, (ushort)pixel);
        Unsafe.Add(ref target, 2) = (byte)(pixel >> 16);
    }

    private static void OfPixels(ReadOnlySpan<byte> source, ReadOnlySpan<int> weights, Span<byte> target)
    {
        for (int c = 0; c < target.Length; c++)
        {
            int sum = ResampleWeights.Half;
            for (int t = 0, i = c; t < weights.Length; t++, i += target.Length)
                sum += source[i] * weights[t];
            target[c] = ResampleWeights.ToByte(sum);
        }
    }
}
