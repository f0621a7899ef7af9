using System.Runtime.Intrinsics;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>For every wanted target position along one axis: the first source position that counts, and the weights from there on.</summary>
internal sealed class ResampleWeights
{
    // 8 bits of pixel, 2 of headroom for sums, the rest of an int for the fraction.
    private const int Bits = 32 - 8 - 2;

    private readonly int[] _first;
    private readonly int[] _count;
    private readonly int[] _taps;
    private readonly int _stride;

    /// <param name="from">Source positions.</param>
    /// <param name="length">How far the source reaches: of the last position a part may be all that counts.</param>
    /// <param name="to">What is wanted.</param>
    public ResampleWeights(int from, double length, ResizeWindow to)
    {
        double scale = length / to.Size;
        double support = Math.Max(scale, 1);
        _stride = (2 * (int)Math.Ceiling(support)) + 1;
        _first = new int[to.Count];
        _count = new int[to.Count];
        _taps = new int[checked(to.Count * _stride)];
        var triangle = new double[_stride];
        for (int i = 0; i < to.Count; i++)
        {
            double centre = (to.Start + i + 0.5) * scale;
            _first[i] = Math.Max((int)(centre - support + 0.5), 0);
            _count[i] = Math.Min((int)(centre + support + 0.5), from) - _first[i];
            double sum = 0;
            for (int t = 0; t < _count[i]; t++)
            {
                triangle[t] = Math.Max(1 - Math.Abs((t + _first[i] - centre + 0.5) * (1 / support)), 0);
                sum += triangle[t];
            }
            for (int t = 0; t < _count[i]; t++)
                _taps[(i * _stride) + t] = (int)(0.5 + (triangle[t] / sum * (1 << Bits)));
        }
    }

    /// <summary>One half, so that dropping the fraction rounds.</summary>
    public static int Half => 1 << (Bits - 1);

    /// <summary>The source positions that count for any target.</summary>
    public Range Sources => _first[0]..(_first[^1] + _count[^1]);

    public static byte ToByte(int sum) => (byte)Math.Clamp(sum >> Bits, 0, 255);

    public static Vector128<int> ToBytes(Vector128<int> sums) => Vector128.Max(Vector128<int>.Zero, Vector128.Min(Vector128.Create(255), sums >> Bits));

    public static Vector256<int> ToLevels(Vector256<int> sums) => sums >> Bits;

    /// <summary>How many targets there are.</summary>
    public int Count => _first.Length;

    public int First(int target) => _first[target];

    public ReadOnlySpan<int> Taps(int target) => _taps.AsSpan(target * _stride, _count[target]);
}
