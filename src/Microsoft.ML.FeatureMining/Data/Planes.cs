using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>From red, green and blue side by side to a plane of each.</summary>
internal static class Planes
{
    private const int Lane = 16;
    private const byte None = 255;

    public static void Split(ReadOnlySpan<byte> rgb, Span<byte> red, Span<byte> green, Span<byte> blue)
    {
        int at = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref byte source = ref MemoryMarshal.GetReference(rgb);
            for (; at <= red.Length - Lane; at += Lane)
            {
                nuint from = (nuint)(3 * at);
                (Vector128<byte> a, Vector128<byte> b, Vector128<byte> c) =
                    (Vector128.LoadUnsafe(ref source, from), Vector128.LoadUnsafe(ref source, from + Lane), Vector128.LoadUnsafe(ref source, from + (2 * Lane)));
                // Of 48 bytes every third one, from the first, the second and the third on.
                (Vector128.Shuffle(a, Vector128.Create(0, 3, 6, 9, 12, 15, None, None, None, None, None, None, None, None, None, None))
                    | Vector128.Shuffle(b, Vector128.Create(None, None, None, None, None, None, 2, 5, 8, 11, 14, None, None, None, None, None))
                    | Vector128.Shuffle(c, Vector128.Create(None, None, None, None, None, None, None, None, None, None, None, 1, 4, 7, 10, 13))).CopyTo(red[at..]);
                (Vector128.Shuffle(a, Vector128.Create(1, 4, 7, 10, 13, None, None, None, None, None, None, None, None, None, None, None))
                    | Vector128.Shuffle(b, Vector128.Create(None, None, None, None, None, 0, 3, 6, 9, 12, 15, None, None, None, None, None))
                    | Vector128.Shuffle(c, Vector128.Create(None, None, None, None, None, None, None, None, None, None, None, 2, 5, 8, 11, 14))).CopyTo(green[at..]);
                (Vector128.Shuffle(a, Vector128.Create(2, 5, 8, 11, 14, None, None, None, None, None, None, None, None, None, None, None))
                    | Vector128.Shuffle(b, Vector128.Create(None, None, None, None, None, 1, 4, 7, 10, 13, None, None, None, None, None, None))
                    | Vector128.Shuffle(c, Vector128.Create(None, None, None, None, None, None, None, None, None, None, 0, 3, 6, 9, 12, 15))).CopyTo(blue[at..]);
            }
        }
        for (; at < red.Length; at++)
            (red[at], green[at], blue[at]) = (rgb[3 * at], rgb[(3 * at) + 1], rgb[(3 * at) + 2]);
    }
}
