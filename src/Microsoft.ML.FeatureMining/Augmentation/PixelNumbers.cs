using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>(byte - mean) * scale a channel, from planes to numbers side by side: with vectors where the processor has them, to the same bits as without.</summary>
internal sealed class PixelNumbers
{
    private const int Levels = 256;
    private const int Rgb = 3;

    private readonly float[] _mean;
    private readonly float[] _scale;
    private readonly float[] _levels;    // [C,256]

    public PixelNumbers(IReadOnlyList<float> mean, IReadOnlyList<float> scale)
    {
        (_mean, _scale) = ([.. mean], [.. scale]);
        _levels = [.. _mean.Zip(_scale).SelectMany(channel => Enumerable.Range(0, Levels).Select(level => (level - channel.First) * channel.Second))];
    }

    public int Channels => _mean.Length;

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
        int done = Channels == Rgb && Avx2.IsSupported ? OfEights(image, plane, first, step, target) : 0;
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

    /// <summary>As many groups of eight pixels as there are; gives how many pixels that were.</summary>
    private int OfEights(ReadOnlySpan<byte> image, int plane, int first, int step, Span<float> target)
    {
        const int eight = 8;
        int pixels = target.Length / Rgb / eight * eight;
        int lowest = step > 0 ? first : first - pixels + 1;
        // The three runs of bytes lie inside; from here on nothing is checked.
        ref byte start = ref MemoryMarshal.GetReference(image[lowest..((2 * plane) + lowest + pixels)]);
        ref float to = ref MemoryMarshal.GetReference(target);
        for (int done = 0; done < pixels; done += eight)
        {
            int at = step > 0 ? done : pixels - eight - done;
            Interleave(
                Eight(ref Unsafe.Add(ref start, at), 0, step), Eight(ref Unsafe.Add(ref start, plane + at), 1, step), Eight(ref Unsafe.Add(ref start, (2 * plane) + at), 2, step),
                ref Unsafe.Add(ref to, Rgb * done));
        }

        return pixels;
    }

    private Vector256<float> Eight(ref byte pixels, int channel, int step)
    {
        Vector256<int> levels = Avx2.ConvertToVector256Int32(Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref pixels)).AsByte());
        if (step < 0)
        {
            levels = Vector256.Shuffle(levels, Vector256.Create(7, 6, 5, 4, 3, 2, 1, 0));
        }

        return (Vector256.ConvertToSingle(levels) - Vector256.Create(_mean[channel])) * Vector256.Create(_scale[channel]);
    }

    private static void Interleave(Vector256<float> red, Vector256<float> green, Vector256<float> blue, ref float target)
    {
        // Each third of the 24 numbers has every third place from each channel.
        Pick(Vector256.Shuffle(red, Vector256.Create(0, 0, 0, 1, 1, 1, 2, 2)), Vector256.Shuffle(green, Vector256.Create(0, 0, 0, 1, 1, 1, 2, 2)), Vector256.Shuffle(blue, Vector256.Create(0, 0, 0, 0, 1, 1, 1, 2)))
            .StoreUnsafe(ref target);
        Pick(Vector256.Shuffle(blue, Vector256.Create(2, 2, 2, 3, 3, 3, 4, 4)), Vector256.Shuffle(red, Vector256.Create(3, 3, 3, 3, 4, 4, 4, 5)), Vector256.Shuffle(green, Vector256.Create(3, 3, 3, 3, 4, 4, 4, 5)))
            .StoreUnsafe(ref target, 8);
        Pick(Vector256.Shuffle(green, Vector256.Create(5, 5, 5, 6, 6, 6, 7, 7)), Vector256.Shuffle(blue, Vector256.Create(5, 5, 5, 6, 6, 6, 7, 7)), Vector256.Shuffle(red, Vector256.Create(6, 6, 6, 6, 7, 7, 7, 7)))
            .StoreUnsafe(ref target, 16);
    }

    private static Vector256<float> Pick(Vector256<float> zero, Vector256<float> one, Vector256<float> two) => Vector256.ConditionalSelect(
        Vector256.Create(0, 0, -1, 0, 0, -1, 0, 0).AsSingle(), two, Vector256.ConditionalSelect(Vector256.Create(0, -1, 0, 0, -1, 0, 0, -1).AsSingle(), one, zero));
}
