using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>
/// Resampling with antialiasing: when it shrinks, the filter gets wider, so that every source pixel counts (Pillow's BILINEAR and BICUBIC, PyTorch's
/// antialias=True). The two passes use 8-bit pixels and 22-bit fixed-point weights, and round in between, as Pillow does. The results are bit-identical to
/// Pillow's.
/// </summary>
internal static class ImageResize
{
    public static DecodedImage Resize(PixelView image, int width, int height, ResizeFilter filter = ResizeFilter.Bilinear)
    {
        byte[] pixels = GC.AllocateUninitializedArray<byte>(checked(width * height * image.Channels));
        Resize(image, ResizeWindow.Whole(width), ResizeWindow.Whole(height), filter, pixels);
        return new DecodedImage(width, height, image.Channels, pixels);
    }

    /// <summary>Resizes, and computes only the requested part.</summary>
    /// <exception cref="ImageDecodeException">The image is so thin that the horizontal pass would need more memory than an array can hold.</exception>
    public static void Resize(PixelView image, ResizeWindow columns, ResizeWindow rows, ResizeFilter filter, Span<byte> pixels)
    {
        ResampleWeights down = new(image.Height, (double)image.FullHeight / image.Shrink, rows, filter);
        (int top, int height) = down.Sources.GetOffsetAndLength(image.Height);
        if ((long)columns.Count * height * image.Channels > Array.MaxLength)
        {
            throw new ImageDecodeException(
                FormattableString.Invariant($"The image of {image.Width}x{image.Height} pixels is too thin to resize; crop it first.")
            );
        }

        int row = columns.Count * image.Channels;
        if (image.Shrink == 1 && rows == ResizeWindow.Whole(image.Height))
        {
            ResizeColumns(image, columns, top, filter, pixels);
        }
        else
        {
            // A pooled buffer between the passes, to avoid large allocations.
            byte[] band = ArrayPool<byte>.Shared.Rent(row * height);
            ResizeColumns(image, columns, top, filter, band.AsSpan(0, row * height));
            for (int y = 0; y < rows.Count; y++)
            {
                WeightedRows.Sum(band.AsSpan((down.First(y) - top) * row), down, y, pixels.Slice(y * row, row));
            }

            ArrayPool<byte>.Shared.Return(band);
        }
    }

    private static void ResizeColumns(PixelView image, ResizeWindow columns, int top, ResizeFilter filter, Span<byte> target)
    {
        int row = columns.Count * image.Channels;
        if (image.Shrink == 1 && columns == ResizeWindow.Whole(image.Width))
        {
            for (int y = 0; y < target.Length / row; y++)
            {
                image.Row(top + y).CopyTo(target[(y * row)..]);
            }

            return;
        }
        ResampleWeights weights = new(image.Width, (double)image.FullWidth / image.Shrink, columns, filter);
        ReadOnlySpan<byte> source = image.Pixels[(top * image.Stride)..];
        if (image.Channels == 3)
        {
            WeightedPixels.OfRgbRows(source, image.Stride, weights, target);
        }
        else
        {
            WeightedPixels.OfRows(source, image.Stride, image.Channels, weights, target);
        }
    }
}

/// <summary>
/// The horizontal pass of resizing: sums of neighboring pixels with fixed-point weights (<see cref="ResampleWeights"/>). Vector and scalar code give the same
/// integers.
/// </summary>
internal static class WeightedPixels
{
    private const int Rgb = 3;
    private const int Quad = 4;
    private const int Spare = 4; // a vector reads sixteen bytes and uses twelve
    private const byte None = 0x80;
    private const byte LowerHalves = 0x20;
    private const byte UpperHalves = 0x31;

    /// <summary>Resizes rows with any number of channels.</summary>
    /// <param name="source">Rows, one after another.</param>
    /// <param name="row">Bytes from one source row to the next.</param>
    /// <param name="channels">Bytes per pixel.</param>
    /// <param name="weights">The source pixels of each target pixel, and their weights.</param>
    /// <param name="target">The same number of rows.</param>
    public static void OfRows(ReadOnlySpan<byte> source, int row, int channels, ResampleWeights weights, Span<byte> target)
    {
        int targetRow = weights.Count * channels;
        for (int y = 0; y < target.Length / targetRow; y++)
        {
            for (int x = 0; x < weights.Count; x++)
            {
                OfPixels(source.Slice((y * row) + (weights.First(x) * channels)), weights.Taps(x), target.Slice((y * targetRow) + (x * channels), channels));
            }
        }
    }

    /// <summary>The same for three channels. With AVX2, it takes two rows and four pixels at a time.</summary>
    public static void OfRgbRows(ReadOnlySpan<byte> source, int row, ResampleWeights weights, Span<byte> target)
    {
        int targetRow = weights.Count * Rgb;
        int rows = target.Length / targetRow;
        int y = 0;
        if (Avx2.IsSupported)
        {
            int reach = row + ((weights.Sources.End.Value + Quad) * Rgb) + Spare;
            for (; y + 2 <= rows && reach <= source.Length - (y * row); y += 2)
            {
                OfTwoRows(source.Slice(y * row, reach), row, weights, target.Slice(y * targetRow, 2 * targetRow), targetRow);
            }
        }
        // The memory of a view may end with its last row, so that vectors cannot read past it.
        if (y < rows)
        {
            OfRows(source[(y * row)..], row, Rgb, weights, target[(y * targetRow)..]);
        }
    }

    private static void OfTwoRows(ReadOnlySpan<byte> source, int row, ResampleWeights weights, Span<byte> target, int targetRow)
    {
        // Pairs each channel of two neighboring pixels, widened to 16 bits.
        Vector256<byte> sides = Vector256.Create(
            0,
            None,
            3,
            None,
            1,
            None,
            4,
            None,
            2,
            None,
            5,
            None,
            None,
            None,
            None,
            None,
            6,
            None,
            9,
            None,
            7,
            None,
            10,
            None,
            8,
            None,
            11,
            None,
            None,
            None,
            None,
            None
        );
        ref byte start = ref MemoryMarshal.GetReference(source);
        ref byte to = ref MemoryMarshal.GetReference(target);
        for (int x = 0; x < weights.Count; x++, to = ref Unsafe.Add(ref to, Rgb))
        {
            ReadOnlySpan<Vector256<short>> quads = weights.Quads(x);
            Vector256<int> upperHigh = default,
                upperLow = default,
                lowerHigh = default,
                lowerLow = default;
            ref byte from = ref Unsafe.Add(ref start, weights.First(x) * Rgb);
            for (int t = 0; t + 1 < quads.Length; t += 2, from = ref Unsafe.Add(ref from, Quad * Rgb))
            {
                Vector128<byte> upper = Vector128.LoadUnsafe(ref from),
                    lower = Vector128.LoadUnsafe(ref from, (nuint)row);
                Vector256<short> one = Avx2.Shuffle(Vector256.Create(upper, upper), sides).AsInt16(),
                    other = Avx2.Shuffle(Vector256.Create(lower, lower), sides).AsInt16();
                upperHigh += Avx2.MultiplyAddAdjacent(one, quads[t]);
                upperLow += Avx2.MultiplyAddAdjacent(one, quads[t + 1]);
                lowerHigh += Avx2.MultiplyAddAdjacent(other, quads[t]);
                lowerLow += Avx2.MultiplyAddAdjacent(other, quads[t + 1]);
            }
            Vector256<int> first = ResampleWeights.Whole(upperHigh, upperLow),
                second = ResampleWeights.Whole(lowerHigh, lowerLow);
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
            {
                sum += source[i] * weights[t];
            }

            target[c] = ResampleWeights.ToByte(sum);
        }
    }
}

/// <summary>
/// The vertical pass of resizing: sums of neighboring rows with fixed-point weights (<see cref="ResampleWeights"/>). Vector and scalar code give the same
/// integers.
/// </summary>
internal static class WeightedRows
{
    private const int Lane = 32;

    /// <summary>Computes one target row.</summary>
    /// <param name="source">The source rows, starting at the first one with a weight.</param>
    /// <param name="weights">The source rows of each target row, and their weights.</param>
    /// <param name="y">The index of the target row.</param>
    /// <param name="target">The target row, as long as a source row.</param>
    public static void Sum(ReadOnlySpan<byte> source, ResampleWeights weights, int y, Span<byte> target)
    {
        int row = target.Length;
        ReadOnlySpan<int> taps = weights.Taps(y);
        source = source[..(row * taps.Length)];
        if (Avx2.IsSupported && row >= Lane)
        {
            // If the row is not a multiple of a vector, the last two vectors overlap.
            for (int at = 0; at < row; at += Lane)
            {
                int start = Math.Min(at, row - Lane);
                OfThirtyTwo(source[start..], row, taps.Length, weights.Quads(y)).CopyTo(target[start..]);
            }
            return;
        }
        for (int at = 0; at < row; at++)
        {
            int sum = ResampleWeights.Half;
            for (int t = 0, i = at; t < taps.Length; t++, i += row)
            {
                sum += source[i] * taps[t];
            }

            target[at] = ResampleWeights.ToByte(sum);
        }
    }

    private static Vector256<byte> OfThirtyTwo(ReadOnlySpan<byte> source, int row, int rows, ReadOnlySpan<Vector256<short>> quads)
    {
        ref byte start = ref MemoryMarshal.GetReference(source);
        Vector256<int> a = default,
            b = default,
            c = default,
            d = default,
            e = default,
            f = default,
            g = default,
            h = default;
        for (int t = 0; t < rows; t += 2)
        {
            Vector256<byte> one = Vector256.LoadUnsafe(ref start, (nuint)(t * row));
            // If there is no second row, its weight is 0.
            Vector256<byte> other = t + 1 < rows ? Vector256.LoadUnsafe(ref start, (nuint)((t + 1) * row)) : default;
            int quad = t / 4 * 2;
            (Vector256<short> upper, Vector256<short> lower) = (Pair(quads[quad], t), Pair(quads[quad + 1], t));
            Vector256<byte> left = Avx2.UnpackLow(one, other),
                right = Avx2.UnpackHigh(one, other);
            Add(Avx2.UnpackLow(left, Vector256<byte>.Zero), upper, lower, ref a, ref b);
            Add(Avx2.UnpackHigh(left, Vector256<byte>.Zero), upper, lower, ref c, ref d);
            Add(Avx2.UnpackLow(right, Vector256<byte>.Zero), upper, lower, ref e, ref f);
            Add(Avx2.UnpackHigh(right, Vector256<byte>.Zero), upper, lower, ref g, ref h);
        }
        return Avx2.PackUnsignedSaturate(Avx2.PackSignedSaturate(Levels(a, b), Levels(c, d)), Avx2.PackSignedSaturate(Levels(e, f), Levels(g, h)));

        static Vector256<int> Levels(Vector256<int> high, Vector256<int> low) => ResampleWeights.ToLevels(ResampleWeights.Whole(high, low));
    }

    // The weights of two rows, repeated for all pixels.
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
