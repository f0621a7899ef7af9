using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// Scales one axis: which places of the source each place of the result lies between, and how far. Reading stops at the middle of the outermost pixels. Up, with vectors
/// sixteen places at a time, whose sources lie within seventeen; the same as without.
/// </summary>
internal sealed class BlendedPixels
{
    /// <summary>Bits behind the point.</summary>
    public const int Fraction = 6;

    private const int Lane = 16;
    private const int One = 1 << 15;
    private const byte Zero = 0x80;

    private readonly int[] _first;
    private readonly short[] _weights;
    private readonly byte[] _patterns;    // for each sixteen places, where in sixteen bytes their left neighbors lie, and nothing for the upper half of a number

    /// <param name="from">Places in the source.</param>
    /// <param name="to">Places in the result.</param>
    public BlendedPixels(int from, int to)
    {
        (_first, _weights, _patterns) = (new int[to], new short[to], new byte[from > to ? 0 : to / Lane * Lane * sizeof(short)]);
        double scale = (double)from / to;
        for (int i = 0; i < to; i++)
        {
            double at = Math.Clamp((i + 0.5) * scale - 0.5, 0, from - 1);
            _first[i] = (int)at;
            _weights[i] = (short)Math.Min((int)((at - _first[i]) * One + 0.5), One - 1);
        }

        for (int place = 0; place < _patterns.Length / sizeof(short); place++)
        {
            (_patterns[2 * place], _patterns[2 * place + 1]) = ((byte)(_first[place] - _first[place / Lane * Lane]), Zero);
        }
    }

    public int First(int place) => _first[place];

    /// <summary>How much the place after <see cref="First"/> counts, in 1/32768.</summary>
    public short Weight(int place) => _weights[place];

    /// <summary>What processors call a rounded high product, added.</summary>
    public static short Between(int from, int to, short weight) => (short)(from + (((((to - from) * weight) >> 14) + 1) >> 1));

    /// <summary>From bytes to levels with a fraction.</summary>
    public void Blend(ReadOnlySpan<byte> source, Span<short> target)
    {
        int at = 0;
        if (Avx2.IsSupported && _patterns.Length > 0)
        {
            ref byte start = ref MemoryMarshal.GetReference(source);
            // More is read than counts; what would lie outside is left to the loop below.
            for (; at <= target.Length - Lane && _first[at] + Lane < source.Length; at += Lane)
            {
                Vector256<byte> pattern = Vector256.LoadUnsafe(ref _patterns[at * sizeof(short)]);
                Vector256<short> left = Neighbors(ref start, _first[at], pattern), right = Neighbors(ref start, _first[at] + 1, pattern);
                (left + Avx2.MultiplyHighRoundScale(right - left, Vector256.LoadUnsafe(ref _weights[at]))).CopyTo(target[at..]);
            }
        }

        for (; at < target.Length; at++)
        {
            int first = _first[at];
            target[at] = Between(source[first] << Fraction, source[Math.Min(first + 1, source.Length - 1)] << Fraction, _weights[at]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Neighbors(ref byte start, int first, Vector256<byte> pattern)
    {
        Vector128<byte> bytes = Vector128.LoadUnsafe(ref start, (nuint)first);
        return Avx2.Shuffle(Vector256.Create(bytes, bytes), pattern).AsInt16() << Fraction;
    }
}

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

/// <summary>
/// Of each image one box, scaled to a whole image, bilinearly: first the pixels of a row are blended, once a row of the box, then the rows, in 16 bits of which
/// <see cref="BlendedPixels.Fraction"/> are a fraction.
/// </summary>
/// <param name="source">The shape of the images that boxes are cut out of.</param>
/// <param name="result">The shape that they are scaled to.</param>
/// <param name="boxes">One an image.</param>
internal sealed class ScaledBoxes(ImageShape source, ImageShape result, PixelBox[] boxes) : BatchOperation
{
    public override ImageShape Result => result;

    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        PixelBox box = boxes[n];
        (int from, int to) = (source.Height * source.Width, result.Height * result.Width);
        BlendedPixels rows = new(box.Height, result.Height), columns = new(box.Width, result.Width);
        short[] wide = new short[2 * result.Width];
        for (int channel = 0; channel < source.Channels; channel++)
        {
            ReadOnlySpan<byte> inside = image[((channel * from) + (box.Top * source.Width) + box.Left)..];
            Scale(inside, box, rows, columns, wide, target.Slice(channel * to, to));
        }
    }

    // A row of the result lies between two rows of the box; of those made wide the last two are kept.
    private void Scale(ReadOnlySpan<byte> inside, PixelBox box, BlendedPixels rows, BlendedPixels columns, Span<short> wide, Span<byte> target)
    {
        int width = result.Width;
        int ready = -1;
        for (int y = 0; y < result.Height; y++)
        {
            int upper = rows.First(y), lower = Math.Min(upper + 1, box.Height - 1);
            while (ready < lower)
            {
                ready++;
                columns.Blend(inside[(ready * source.Width)..], wide.Slice(ready % 2 * width, width));
            }

            BlendedRows.Blend(wide.Slice(upper % 2 * width, width), wide.Slice(lower % 2 * width, width), rows.Weight(y), target.Slice(y * width, width));
        }
    }
}
