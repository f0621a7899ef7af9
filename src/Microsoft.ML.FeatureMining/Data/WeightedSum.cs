using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Sums of bytes by fixed-point weights (<see cref="ResampleWeights"/>), the inner loops of resizing: the same integers with vectors as without.</summary>
internal static class WeightedSum
{
    private const int Lane = 16;

    /// <summary>One pixel: of pixels side by side, the first by the first weight and so on.</summary>
    public static void OfPixels(ReadOnlySpan<byte> source, ReadOnlySpan<int> weights, Span<byte> target)
    {
        const int rgb = 3;
        // Four bytes are read for three.
        if (target.Length == rgb && weights.Length * rgb < source.Length && Vector128.IsHardwareAccelerated)
        {
            OfRgb(ref MemoryMarshal.GetReference(source), weights, target);
            return;
        }
        for (int c = 0; c < target.Length; c++)
        {
            int sum = ResampleWeights.Half;
            for (int t = 0, i = c; t < weights.Length; t++, i += target.Length)
                sum += source[i] * weights[t];
            target[c] = ResampleWeights.ToByte(sum);
        }
    }

    /// <summary>One row: of rows one below the other, the first by the first weight and so on.</summary>
    public static void OfRows(ReadOnlySpan<byte> source, ReadOnlySpan<int> weights, Span<byte> target)
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

    private static void OfRgb(ref byte source, ReadOnlySpan<int> weights, Span<byte> target)
    {
        Vector128<int> sum = Vector128.Create(ResampleWeights.Half);
        foreach (int weight in weights)
        {
            Vector128<byte> pixel = Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<uint>(ref source)).AsByte();
            sum += Vector128.WidenLower(Vector128.WidenLower(pixel)).AsInt32() * weight;
            source = ref Unsafe.Add(ref source, 3);
        }
        Vector128<int> level = ResampleWeights.ToBytes(sum);
        (target[0], target[1], target[2]) = ((byte)level[0], (byte)level[1], (byte)level[2]);
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
