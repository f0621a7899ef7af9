using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Scales one axis up: which places of the source each place of the result lies between, and how far. Reading stops at the middle of the outermost pixels. With vectors eight places
/// at a time, whose sources lie within nine as nothing is scaled down; the same as without.
/// </summary>
internal sealed class BlendedPixels
{
    /// <summary>Bits behind the point.</summary>
    public const int Fraction = 6;

    private const int Lane = 8;
    private const int One = 1 << 15;

    private readonly int[] _first;
    private readonly short[] _weights;
    private readonly byte[] _patterns;    // for each eight places, where in sixteen bytes their left neighbours lie

    /// <param name="from">Places in the source.</param>
    /// <param name="to">Places in the result, as many or more.</param>
    public BlendedPixels(int from, int to)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from, to);
        (_first, _weights, _patterns) = (new int[to], new short[to], new byte[to / Lane * Lane * sizeof(short)]);
        Needed = from + Lane + 1;
        for (int i = 0; i < to; i++)
        {
            double at = Math.Clamp((i + 0.5) * from / to - 0.5, 0, from - 1);
            _first[i] = (int)at;
            _weights[i] = (short)Math.Min(Math.Round((at - _first[i]) * One), One - 1);
        }

        for (int i = 0; i < _patterns.Length; i += sizeof(short))
        {
            int place = i / sizeof(short);
            int offset = (_first[place] - _first[place / Lane * Lane]) * sizeof(short);
            (_patterns[i], _patterns[i + 1]) = ((byte)offset, (byte)(offset + 1));
        }
    }

    /// <summary>How long a source must be, as more is read than counts.</summary>
    public int Needed { get; }

    public int First(int place) => _first[place];

    /// <summary>How much the place after <see cref="First"/> counts, in 1/32768.</summary>
    public short Weight(int place) => _weights[place];

    /// <summary>What processors call a rounded high product, added.</summary>
    public static short Between(short from, short to, short weight) => (short)(from + (((((to - from) * weight) >> 14) + 1) >> 1));

    /// <summary>From levels with a fraction to bytes.</summary>
    public void Blend(ReadOnlySpan<short> source, Span<byte> target)
    {
        int at = 0;
        if (Ssse3.IsSupported)
        {
            ref short start = ref MemoryMarshal.GetReference(source[..Needed]);
            for (; at <= target.Length - Lane; at += Lane)
            {
                Vector128<byte> pattern = Vector128.LoadUnsafe(ref _patterns[at * sizeof(short)]);
                Vector128<short> left = Ssse3.Shuffle(Vector128.LoadUnsafe(ref start, (nuint)_first[at]).AsByte(), pattern).AsInt16();
                Vector128<short> right = Ssse3.Shuffle(Vector128.LoadUnsafe(ref start, (nuint)_first[at] + 1).AsByte(), pattern).AsInt16();
                Vector128<short> between = left + Ssse3.MultiplyHighRoundScale(right - left, Vector128.LoadUnsafe(ref _weights[at]));
                Vector128<short> levels = (between + Vector128.Create((short)(1 << (Fraction - 1)))) >> Fraction;
                BitConverter.TryWriteBytes(target[at..], Sse2.PackUnsignedSaturate(levels, levels).AsUInt64().ToScalar());
            }
        }

        for (; at < target.Length; at++)
        {
            target[at] = (byte)((Between(source[_first[at]], source[_first[at] + 1], _weights[at]) + (1 << (Fraction - 1))) >> Fraction);
        }
    }
}
