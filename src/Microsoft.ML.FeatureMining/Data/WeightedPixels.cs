using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Sums of pixels side by side by fixed-point weights (<see cref="ResampleWeights"/>), the pass of resizing along rows: the same integers with vectors as without.</summary>
internal static class WeightedPixels
{
    private const int Rgb = 3;

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

    /// <summary>The same of three channels, two rows at a time where the processor can.</summary>
    public static void OfRgbRows(ReadOnlySpan<byte> source, int row, ResampleWeights weights, Span<byte> target)
    {
        int targetRow = weights.Count * Rgb;
        int rows = target.Length / targetRow;
        int y = 0;
        // Four bytes are read for three: of the last row the last would lie outside.
        if (Avx2.IsSupported)
        {
            for (; y + 2 < rows; y += 2)
                OfTwoRows(source[(y * row)..], row, weights, target.Slice(y * targetRow, 2 * targetRow), targetRow);
        }
        OfRows(source[(y * row)..], row, Rgb, weights, target[(y * targetRow)..]);
    }

    // One row in the lower half of each vector, the other in the upper one.
    private static void OfTwoRows(ReadOnlySpan<byte> source, int row, ResampleWeights weights, Span<byte> target, int targetRow)
    {
        ref byte upper = ref MemoryMarshal.GetReference(source);
        ref byte lower = ref Unsafe.Add(ref upper, row);
        for (int x = 0, at = 0; x < weights.Count; x++, at += Rgb)
        {
            int from = weights.First(x) * Rgb;
            Vector256<int> sum = Vector256.Create(ResampleWeights.Half);
            foreach (int weight in weights.Taps(x))
            {
                ulong pixels = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref upper, from)) | ((ulong)Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref lower, from)) << 32);
                sum += Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(pixels).AsByte()) * weight;
                from += Rgb;
            }
            Vector256<short> levels = Avx2.PackSignedSaturate(ResampleWeights.ToLevels(sum), Vector256<int>.Zero);
            Vector256<uint> bytes = Avx2.PackUnsignedSaturate(levels, levels).AsUInt32();
            Put(bytes[0], target[at..]);
            Put(bytes[4], target[(targetRow + at)..]);
        }
    }

    private static void Put(uint pixel, Span<byte> target) => (target[0], target[1], target[2]) = ((byte)pixel, (byte)(pixel >> 8), (byte)(pixel >> 16));

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
