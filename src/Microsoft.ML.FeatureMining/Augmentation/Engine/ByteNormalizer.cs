using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// Normalizes bytes, (byte - mean) * scale with a mean and a scale per channel, and changes their layout from planes [C,H,W] to pixels [H,W,C]. Bit-identical
/// to <see cref="Normalization"/> on tensors, with vectors or without.
/// </summary>
internal sealed class ByteNormalizer
{
    private const int Levels = 256;
    private const int Rgb = 3;
    private const int Lane = 16;

    // One value per channel, repeated sixteen times, so that a vector of interleaved floats can load its constants.
    private readonly float[] _means;
    private readonly float[] _scales;
    private readonly float[] _normalized; // the result for each byte, [C,256]

    public ByteNormalizer(IReadOnlyList<float> mean, IReadOnlyList<float> scale)
    {
        Channels = mean.Count;
        _means = [.. Enumerable.Repeat(mean, Lane).SelectMany(channels => channels)];
        _scales = [.. Enumerable.Repeat(scale, Lane).SelectMany(channels => channels)];
        _normalized = [.. mean.Zip(scale).SelectMany(channel => Enumerable.Range(0, Levels).Select(level => (level - channel.First) * channel.Second))];
    }

    public int Channels { get; }

    /// <summary>Normalizes pixels that are 0 in each channel.</summary>
    /// <param name="target">[pixels,C].</param>
    public void Zeros(Span<float> target)
    {
        for (int i = 0; i < target.Length; i++)
        {
            target[i] = _normalized[i % Channels * Levels];
        }
    }

    /// <summary>Normalizes consecutive pixels of a row.</summary>
    /// <param name="image">[C,H,W].</param>
    /// <param name="plane">H * W.</param>
    /// <param name="first">The index of the first pixel in its plane.</param>
    /// <param name="step">1, or -1 to take the pixels from right to left.</param>
    /// <param name="target">[pixels,C].</param>
    public void Pixels(ReadOnlySpan<byte> image, int plane, int first, int step, Span<float> target)
    {
        int done = Channels == Rgb && Avx2.IsSupported ? RgbSixteens(image, plane, first, step, target) : 0;
        for (int channel = 0; channel < Channels; channel++)
        {
            ReadOnlySpan<float> levels = _normalized.AsSpan(channel * Levels, Levels);
            int from = (channel * plane) + first + (step * done);
            for (int at = (done * Channels) + channel; at < target.Length; at += Channels, from += step)
            {
                target[at] = levels[image[from]];
            }
        }
    }

    /// <summary>Normalizes three channels, sixteen pixels at a time.</summary>
    /// <returns>The number of pixels done; fewer than sixteen remain.</returns>
    private int RgbSixteens(ReadOnlySpan<byte> image, int plane, int first, int step, Span<float> target)
    {
        int pixels = target.Length / Rgb / Lane * Lane;
        int lowest = step > 0 ? first : first - pixels + 1;
        // The slice checks that the run lies inside each plane; nothing is checked from here on.
        ref byte start = ref MemoryMarshal.GetReference(image[lowest..((2 * plane) + lowest + pixels)]);
        ref float to = ref MemoryMarshal.GetReference(target);
        for (int done = 0; done < pixels; done += Lane)
        {
            nuint at = (nuint)(step > 0 ? done : pixels - Lane - done);
            (Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) = PlanarLayout.Join(
                Sixteen(ref start, at, step),
                Sixteen(ref start, (nuint)plane + at, step),
                Sixteen(ref start, (nuint)(2 * plane) + at, step)
            );
            Store(a, 0, ref Unsafe.Add(ref to, Rgb * done));
            Store(b, Lane, ref Unsafe.Add(ref to, Rgb * done));
            Store(c, 2 * Lane, ref Unsafe.Add(ref to, Rgb * done));
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
    private void Store(Vector128<byte> levels, int at, ref float target)
    {
        Vector128<byte> upper = Vector128.CreateScalarUnsafe(levels.AsUInt64().GetElement(1)).AsByte();
        Normalize(Avx2.ConvertToVector256Int32(levels), at).StoreUnsafe(ref target, (nuint)at);
        Normalize(Avx2.ConvertToVector256Int32(upper), at + 8).StoreUnsafe(ref target, (nuint)at + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector256<float> Normalize(Vector256<int> levels, int at) =>
        (Vector256.ConvertToSingle(levels) - Vector256.LoadUnsafe(ref _means[at])) * Vector256.LoadUnsafe(ref _scales[at]);
}
