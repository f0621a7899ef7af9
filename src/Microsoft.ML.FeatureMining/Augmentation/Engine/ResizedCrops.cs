using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// Crops one box from each image and resizes it to one shape with bilinear interpolation: first along the rows of the box, then between two resized rows. It
/// computes in 16-bit fixed point with <see cref="ResizeAxis.FractionBits"/> fraction bits; the result is within one level of the same crop by tensors
/// (<see cref="RandomResizedCrop.Crop"/>). Bilinear interpolation between two pixels would skip pixels of images that shrink by more than a factor of 2, so
/// their boxes are resized to a multiple of the shape, and averaged.
/// </summary>
/// <param name="source">The shape of the images.</param>
/// <param name="result">The shape after resizing.</param>
/// <param name="boxes">One for each image.</param>
internal sealed class ResizedCrops(ImageShape source, ImageShape result, PixelBox[] boxes) : BatchOperation
{
    private readonly int _averaged = Averaged(source.Height, source.Width, result.Height, result.Width);

    public override ImageShape Result => result;

    /// <summary>How many pixels in a row are averaged to one, so that no box shrinks by more than a factor of 2 before.</summary>
    public static int Averaged(int height, int width, int resultHeight, int resultWidth) => Math.Max(Factor(height, resultHeight), Factor(width, resultWidth));

    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target)
    {
        PixelBox box = boxes[n];
        (int height, int width) = (_averaged * result.Height, _averaged * result.Width);
        (int from, int to) = (source.Height * source.Width, result.Height * result.Width);
        ResizeAxis rows = new(box.Height, height),
            columns = new(box.Width, width);
        short[] resizedRows = new short[2 * width];
        byte[] resized = _averaged == 1 ? [] : ArrayPool<byte>.Shared.Rent(height * width);
        for (int channel = 0; channel < source.Channels; channel++)
        {
            ReadOnlySpan<byte> inside = image[((channel * from) + (box.Top * source.Width) + box.Left)..];
            Span<byte> plane = target.Slice(channel * to, to);
            if (_averaged == 1)
            {
                Resize(inside, box, rows, columns, resizedRows, plane);
                continue;
            }

            Resize(inside, box, rows, columns, resizedRows, resized.AsSpan(0, height * width));
            Average(resized, width, plane);
        }

        if (_averaged > 1)
        {
            ArrayPool<byte>.Shared.Return(resized);
        }
    }

    private static int Factor(int from, int to) => (int)Math.Ceiling(from / (2.0 * to));

    private void Average(ReadOnlySpan<byte> pixels, int row, Span<byte> target)
    {
        int count = _averaged * _averaged;
        for (int i = 0; i < target.Length; i++)
        {
            int first = (i / result.Width * _averaged * row) + (i % result.Width * _averaged);
            int sum = count / 2;
            for (int y = 0; y < _averaged; y++)
            {
                foreach (byte pixel in pixels.Slice(first + (y * row), _averaged))
                {
                    sum += pixel;
                }
            }

            target[i] = (byte)(sum / count);
        }
    }

    // One channel. A row of the result lies between two neighboring rows of the box: the last two resized rows are kept, even ones in the first half of the
    // buffer, odd ones in the second.
    private void Resize(ReadOnlySpan<byte> inside, PixelBox box, ResizeAxis rows, ResizeAxis columns, Span<short> resizedRows, Span<byte> target)
    {
        int width = resizedRows.Length / 2;
        int done = -1;
        for (int y = 0; y < target.Length / width; y++)
        {
            int upper = rows.First(y),
                lower = Math.Min(upper + 1, box.Height - 1);
            while (done < lower)
            {
                done++;
                columns.ResizeRow(inside[(done * source.Width)..], resizedRows.Slice(done % 2 * width, width));
            }

            Span<short> above = resizedRows.Slice(upper % 2 * width, width),
                below = resizedRows.Slice(lower % 2 * width, width);
            ResizeAxis.BlendRows(above, below, rows.Weight(y), target.Slice(y * width, width));
        }
    }
}

/// <summary>
/// Bilinear resizing along one axis, in 16-bit fixed point. Vector code computes sixteen outputs at a time and gives the same integers as the scalar loops.
/// </summary>
internal sealed class ResizeAxis
{
    /// <summary>Fraction bits of a level between the two passes: 8 + 6 bits and a sign fit into 16.</summary>
    public const int FractionBits = 6;

    private const int Lane = 16;
    private const int WeightOne = 1 << 15;
    private const short Half = 1 << (FractionBits - 1);
    private const byte Zero = 0x80; // a shuffle index that gives 0

    private readonly int[] _first;
    private readonly short[] _weights;

    // For each sixteen outputs: the positions of their first inputs within sixteen bytes, each widened to 16 bits. Empty if the axis shrinks.
    private readonly byte[] _shuffles;

    /// <param name="from">Inputs.</param>
    /// <param name="to">Outputs.</param>
    public ResizeAxis(int from, int to)
    {
        (_first, _weights, _shuffles) = (new int[to], new short[to], new byte[from > to ? 0 : to / Lane * Lane * sizeof(short)]);
        for (int i = 0; i < to; i++)
        {
            (_first[i], _, double weight) = BilinearTap.Of(i, from, to);
            _weights[i] = (short)Math.Min((int)(weight * WeightOne + 0.5), WeightOne - 1);
        }

        for (int i = 0; i < _shuffles.Length / sizeof(short); i++)
        {
            (_shuffles[2 * i], _shuffles[2 * i + 1]) = ((byte)(_first[i] - _first[i / Lane * Lane]), Zero);
        }
    }

    /// <summary>The first of the two inputs that an output lies between; the second is the next one, or the same at the end.</summary>
    public int First(int output) => _first[output];

    /// <summary>The weight of the second input, in 1/32768.</summary>
    public short Weight(int output) => _weights[output];

    /// <summary>from + (to - from) * weight, rounded as the processor's multiply-high-round-scale instruction rounds it.</summary>
    public static short Blend(int from, int to, short weight) => (short)(from + (((((to - from) * weight) >> 14) + 1) >> 1));

    /// <summary>Resizes one row of bytes to levels with <see cref="FractionBits"/> fraction bits.</summary>
    /// <param name="source">At least as many bytes as there are inputs.</param>
    /// <param name="target">One level for each output.</param>
    public void ResizeRow(ReadOnlySpan<byte> source, Span<short> target)
    {
        int at = 0;
        if (Avx2.IsSupported && _shuffles.Length > 0)
        {
            ref byte start = ref MemoryMarshal.GetReference(source);
            // An axis that does not shrink has the inputs of sixteen outputs within seventeen bytes. All seventeen are read, so the last outputs are left to
            // the loop below.
            for (; at <= target.Length - Lane && _first[at] + Lane < source.Length; at += Lane)
            {
                Vector256<byte> shuffle = Vector256.LoadUnsafe(ref _shuffles[at * sizeof(short)]);
                Vector256<short> first = Levels(ref start, _first[at], shuffle),
                    second = Levels(ref start, _first[at] + 1, shuffle);
                (first + Avx2.MultiplyHighRoundScale(second - first, Vector256.LoadUnsafe(ref _weights[at]))).CopyTo(target[at..]);
            }
        }

        for (; at < target.Length; at++)
        {
            int first = _first[at];
            target[at] = Blend(source[first] << FractionBits, source[Math.Min(first + 1, source.Length - 1)] << FractionBits, _weights[at]);
        }
    }

    /// <summary>Blends two resized rows, and rounds to bytes.</summary>
    /// <param name="upper">Levels.</param>
    /// <param name="lower">The same number of levels.</param>
    /// <param name="weight">The weight of the lower row, in 1/32768.</param>
    /// <param name="target">The same number of bytes.</param>
    public static void BlendRows(ReadOnlySpan<short> upper, ReadOnlySpan<short> lower, short weight, Span<byte> target)
    {
        int at = 0;
        if (Avx2.IsSupported)
        {
            ref short one = ref MemoryMarshal.GetReference(upper[..target.Length]);
            ref short other = ref MemoryMarshal.GetReference(lower[..target.Length]);
            for (; at <= target.Length - Lane; at += Lane)
            {
                Vector256<short> from = Vector256.LoadUnsafe(ref one, (nuint)at),
                    to = Vector256.LoadUnsafe(ref other, (nuint)at);
                Vector256<short> blended = from + Avx2.MultiplyHighRoundScale(to - from, Vector256.Create(weight));
                Vector256<short> rounded = (blended + Vector256.Create(Half)) >> FractionBits;
                Sse2.PackUnsignedSaturate(rounded.GetLower(), rounded.GetUpper()).CopyTo(target[at..]);
            }
        }

        for (; at < target.Length; at++)
        {
            target[at] = (byte)((Blend(upper[at], lower[at], weight) + Half) >> FractionBits);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Levels(ref byte start, int first, Vector256<byte> shuffle)
    {
        Vector128<byte> bytes = Vector128.LoadUnsafe(ref start, (nuint)first);
        return Avx2.Shuffle(Vector256.Create(bytes, bytes), shuffle).AsInt16() << FractionBits;
    }
}
