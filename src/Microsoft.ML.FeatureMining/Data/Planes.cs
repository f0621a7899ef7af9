using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>From channels side by side to a plane of each, and back.</summary>
internal static class Planes
{
    private const int Lane = 16;
    private const byte None = 255;

    /// <summary>From [H,W,C] to [C,H,W].</summary>
    public static void Split(ReadOnlySpan<byte> pixels, int channels, Span<byte> planes)
    {
        int plane = pixels.Length / channels;
        if (channels == 3)
        {
            Split(pixels, planes[..plane], planes.Slice(plane, plane), planes[(2 * plane)..]);
            return;
        }
        for (int i = 0; i < pixels.Length; i++)
            planes[i] = pixels[(i % plane * channels) + (i / plane)];
    }

    private static void Split(ReadOnlySpan<byte> rgb, Span<byte> red, Span<byte> green, Span<byte> blue)
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

    /// <summary>Sixteen of each: where they lie side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (Vector128<byte> First, Vector128<byte> Second, Vector128<byte> Third) Join(Vector128<byte> red, Vector128<byte> green, Vector128<byte> blue) => (
        Vector128.Shuffle(red, Vector128.Create(0, None, None, 1, None, None, 2, None, None, 3, None, None, 4, None, None, 5))
            | Vector128.Shuffle(green, Vector128.Create(None, 0, None, None, 1, None, None, 2, None, None, 3, None, None, 4, None, None))
            | Vector128.Shuffle(blue, Vector128.Create(None, None, 0, None, None, 1, None, None, 2, None, None, 3, None, None, 4, None)),
        Vector128.Shuffle(red, Vector128.Create(None, None, 6, None, None, 7, None, None, 8, None, None, 9, None, None, 10, None))
            | Vector128.Shuffle(green, Vector128.Create(5, None, None, 6, None, None, 7, None, None, 8, None, None, 9, None, None, 10))
            | Vector128.Shuffle(blue, Vector128.Create(None, 5, None, None, 6, None, None, 7, None, None, 8, None, None, 9, None, None)),
        Vector128.Shuffle(red, Vector128.Create(None, 11, None, None, 12, None, None, 13, None, None, 14, None, None, 15, None, None))
            | Vector128.Shuffle(green, Vector128.Create(None, None, 11, None, None, 12, None, None, 13, None, None, 14, None, None, 15, None))
            | Vector128.Shuffle(blue, Vector128.Create(10, None, None, 11, None, None, 12, None, None, 13, None, None, 14, None, None, 15)));
}
