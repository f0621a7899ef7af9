using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>(byte - mean) * scale a channel, from planes to numbers side by side: with vectors where the processor has them, to the same bits as without.</summary>
internal sealed class PixelNumbers
{
    private const int Levels = 256;
    private const int Rgb = 3;
    private const int Lane = 16;

    // Of the channels by turns, sixteen times.
    private readonly float[] _means;
    private readonly float[] _scales;
    private readonly float[] _levels;    // [C,256]

    public PixelNumbers(IReadOnlyList<float> mean, IReadOnlyList<float> scale)
    {
        (Channels, _means, _scales) = (mean.Count, [.. Enumerable.Repeat(mean, Lane).SelectMany(channels => channels)], [.. Enumerable.Repeat(scale, Lane).SelectMany(channels => channels)]);
        _levels = [.. mean.Zip(scale).SelectMany(channel => Enumerable.Range(0, Levels).Select(level => (level - channel.First) * channel.Second))];
    }

    public int Channels { get; }

    /// <summary>What zeros become, pixel after pixel.</summary>
    public void OfZeros(Span<float> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = _levels[i % Channels * Levels];
        }
    }

    /// <summary>Pixels that lie side by side in each plane.</summary>
    /// <param name="image">Planes, one after another.</param>
    /// <param name="plane">Bytes of a plane.</param>
    /// <param name="first">The place of the first pixel in its plane.</param>
    /// <param name="step">1, or -1 where the pixels are taken from right to left.</param>
    /// <param name="target">The channels of a pixel side by side.</param>
    public void OfPixels(ReadOnlySpan<byte> image, int plane, int first, int step, Span<float> target)
    {
        int done = Channels == Rgb && Avx2.IsSupported ? OfSixteens(image, plane, first, step, target) : 0;
        for (int channel = 0; channel < Channels; channel++)
        {
            ReadOnlySpan<float> levels = _levels.AsSpan(channel * Levels, Levels);
            int from = (channel * plane) + first + (step * done);
            for (int at = (done * Channels) + channel; at < target.Length; at += Channels, from += step)
            {
                target[at] = levels[image[from]];
            }
        }
    }

    /// <summary>As many groups of sixteen pixels as there are; gives how many pixels that were.</summary>
    private int OfSixteens(ReadOnlySpan<byte> image, int plane, int first, int step, Span<float> target)
    {
        int pixels = target.Length / Rgb / Lane * Lane;
        int lowest = step > 0 ? first : first - pixels + 1;
        // The three runs of bytes lie inside; from here on nothing is checked.
        ref byte start = ref MemoryMarshal.GetReference(image[lowest..((2 * plane) + lowest + pixels)]);
        ref float to = ref MemoryMarshal.GetReference(target);
        for (int done = 0; done < pixels; done += Lane)
        {
            nuint at = (nuint)(step > 0 ? done : pixels - Lane - done);
            (Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) = PlanarLayout.Join(
                Sixteen(ref start, at, step), Sixteen(ref start, (nuint)plane + at, step), Sixteen(ref start, (nuint)(2 * plane) + at, step));
            Put(a, 0, ref Unsafe.Add(ref to, Rgb * done));
            Put(b, Lane, ref Unsafe.Add(ref to, Rgb * done));
            Put(c, 2 * Lane, ref Unsafe.Add(ref to, Rgb * done));
        }

        return pixels;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Sixteen(ref byte pixels, nuint at, int step)
    {
        Vector128<byte> levels = Vector128.LoadUnsafe(ref pixels, at);
        return step > 0 ? levels : Vector128.Shuffle(levels, Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Put(Vector128<byte> levels, int at, ref float target)
    {
        Number(Avx2.ConvertToVector256Int32(levels), at).StoreUnsafe(ref target, (nuint)at);
        Number(Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(levels.AsUInt64().GetElement(1)).AsByte()), at + 8).StoreUnsafe(ref target, (nuint)at + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Number(Vector256<int> levels, int at) =>
        (Vector256.ConvertToSingle(levels) - Vector256.LoadUnsafe(ref _means[at])) * Vector256.LoadUnsafe(ref _scales[at]);
}
