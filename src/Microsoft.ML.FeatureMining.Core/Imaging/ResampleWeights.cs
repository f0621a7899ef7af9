using System.Runtime.Intrinsics;

namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>For each requested target position along one axis: the first source position with a weight, and the weights from there.</summary>
internal sealed class ResampleWeights
{
    // 8 bits of pixel, 2 of headroom for sums, the rest of an int for the fraction.
    private const int Bits = 32 - 8 - 2;

    // Each weight is split into two 16-bit halves, because the vector instruction multiplies and adds pairs of 16-bit numbers.
    private const int LowBits = Bits / 2;
    private const int LowMask = (1 << LowBits) - 1;
    private const int Quad = 4;

    private readonly int[] _first;
    private readonly int[] _count;
    private readonly int[] _taps;
    private readonly Vector256<short>[] _quads;
    private readonly int _stride;

    /// <param name="from">Source positions.</param>
    /// <param name="length">The length of the source. Only a part of the last position may belong to it.</param>
    /// <param name="to">The requested part of the target.</param>
    /// <param name="filter">The filter.</param>
    public ResampleWeights(int from, double length, ResizeWindow to, ResizeFilter filter)
    {
        double scale = length / to.Size;
        double stretch = Math.Max(scale, 1);
        double support = stretch * (filter == ResizeFilter.Bicubic ? 2 : 1);
        _stride = ((2 * (int)Math.Ceiling(support)) + Quad) / Quad * Quad;
        _first = new int[to.Count];
        _count = new int[to.Count];
        _taps = new int[checked(to.Count * _stride)];
        var values = new double[_stride];
        for (int i = 0; i < to.Count; i++)
        {
            double center = (to.Start + i + 0.5) * scale;
            _first[i] = Math.Max((int)(center - support + 0.5), 0);
            _count[i] = Math.Min((int)(center + support + 0.5), from) - _first[i];
            double sum = 0;
            for (int t = 0; t < _count[i]; t++)
            {
                double distance = Math.Abs((t + _first[i] - center + 0.5) * (1 / stretch));
                values[t] = filter == ResizeFilter.Bicubic ? Cubic(distance) : Math.Max(1 - distance, 0);
                sum += values[t];
            }
            for (int t = 0; t < _count[i]; t++)
            {
                double tap = values[t] / sum;
                _taps[(i * _stride) + t] = (int)(Math.CopySign(0.5, tap) + (tap * (1 << Bits)));
            }
        }
        _quads = new Vector256<short>[_taps.Length / Quad * 2];
        for (int i = 0; i < _taps.Length; i += Quad)
        {
            ReadOnlySpan<int> quad = _taps.AsSpan(i, Quad);
            _quads[i / Quad * 2] = Twice(High(quad[0], quad[1]), High(quad[2], quad[3]));
            _quads[(i / Quad * 2) + 1] = Twice(Low(quad[0], quad[1]), Low(quad[2], quad[3]));
        }
    }

    /// <summary>One half in fixed point, added to a sum so that dropping the fraction rounds.</summary>
    public static int Half => 1 << (Bits - 1);

    /// <summary>The source positions with a weight for any target position.</summary>
    public Range Sources => _first[0]..(_first[^1] + _count[^1]);

    public static byte ToByte(int sum) => (byte)Math.Clamp(sum >> Bits, 0, 255);

    /// <summary>Combines the sums for the upper and for the lower halves of the weights.</summary>
    public static Vector256<int> Whole(Vector256<int> high, Vector256<int> low) => (high << LowBits) + low;

    /// <summary>Rounds to integers, which may still be outside 0 to 255.</summary>
    public static Vector256<int> ToLevels(Vector256<int> sums) => (sums + Vector256.Create(Half)) >> Bits;

    /// <summary>The number of target positions.</summary>
    public int Count => _first.Length;

    public int First(int target) => _first[target];

    public ReadOnlySpan<int> Taps(int target) => _taps.AsSpan(target * _stride, _count[target]);

    /// <summary>
    /// The weights in groups of four, padded with zeros. Each group has two vectors of 16-bit numbers: the upper halves, then the lower halves. The lower half
    /// of a vector repeats the first two weights, the upper half the other two.
    /// </summary>
    public ReadOnlySpan<Vector256<short>> Quads(int target) => _quads.AsSpan(target * _stride / Quad * 2, (_count[target] + Quad - 1) / Quad * 2);

    // Keys 1981 with a = -0.5, as in Pillow, and in PyTorch with antialias=True.
    private static double Cubic(double distance)
    {
        const double a = -0.5;
        return distance < 1 ? ((((a + 2) * distance) - (a + 3)) * distance * distance) + 1
            : distance < 2 ? ((((distance - 5) * distance) + 8) * distance - 4) * a
            : 0;
    }

    private static Vector256<short> Twice(int lower, int upper) => Vector256.Create(Vector128.Create(lower), Vector128.Create(upper)).AsInt16();

    // A weight of the cubic filter can be negative: then its upper half is, and the lower half is not.
    private static int High(int one, int other) => (ushort)(one >> LowBits) | (other >> LowBits << 16);

    private static int Low(int one, int other) => (one & LowMask) | ((other & LowMask) << 16);
}

/// <summary>Along one axis: the length of the resized image, and the requested part of it.</summary>
/// <param name="Size">The length in pixels. It can be huge if a thin image must cover a square.</param>
/// <param name="Start">The start of the part.</param>
/// <param name="Count">The length of the part.</param>
internal readonly record struct ResizeWindow(long Size, long Start, int Count)
{
    /// <summary>The whole length.</summary>
    public static ResizeWindow Whole(int size) => new(size, 0, size);

    /// <summary>The middle of a length.</summary>
    public static ResizeWindow Middle(long size, int count) => new(size, Margin(size, count), count);

    /// <summary>The middle of this part.</summary>
    public ResizeWindow Middle(int count) => new(Size, Start + Margin(Count, count), count);

    /// <summary>The margin before a center crop. Halves round to even, as in torchvision's CenterCrop.</summary>
    public static long Margin(long size, int count) => (long)Math.Round((size - count) / 2.0, MidpointRounding.ToEven);
}
