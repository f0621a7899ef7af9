using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Sums of rows one below the other by fixed-point weights (<see cref="ResampleWeights"/>), the pass of resizing along columns: the same integers with vectors as without.</summary>
internal static class WeightedRows
{
    private const int Lane = 16;

    /// <summary>One row: of rows one below the other, the first by the first weight and so on.</summary>
    public static void Sum(ReadOnlySpan<byte> source, ReadOnlySpan<int> weights, Span<byte> target)
    {
        int row = target.Length;
        source = source[..(row * weights.Length)];
        int at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            for (; at <= row - Lane; at += Lane)
                OfSixteen(ref MemoryMarshal.GetReference(source[at..]), row, weights, target[at..]);
        }
        for (; at < row; at++)
        {
            int sum = ResampleWeights.Half;
            for (int t = 0, i = at; t < weights.Length; t++, i += row)
                sum += source[i] * weights[t];
            target[at] = ResampleWeights.ToByte(sum);
        }
    }

    private static void OfSixteen(ref byte source, int row, ReadOnlySpan<int> weights, Span<byte> target)
    {
        Vector128<int> a = Vector128.Create(ResampleWeights.Half), b = a, c = a, d = a;
        nuint offset = 0;
        foreach (int weight in weights)
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.LoadUnsafe(ref source, offset));
            a += Vector128.WidenLower(low).AsInt32() * weight;
            b += Vector128.WidenUpper(low).AsInt32() * weight;
            c += Vector128.WidenLower(high).AsInt32() * weight;
            d += Vector128.WidenUpper(high).AsInt32() * weight;
            offset += (nuint)row;
        }
        Vector128<ushort> first = Vector128.Narrow(ResampleWeights.ToBytes(a), ResampleWeights.ToBytes(b)).AsUInt16();
        Vector128<ushort> second = Vector128.Narrow(ResampleWeights.ToBytes(c), ResampleWeights.ToBytes(d)).AsUInt16();
        Vector128.Narrow(first, second).CopyTo(target);
    }
}
