using System.Numerics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>
/// CRC-32C, which processors have an instruction for, of the CRC-32Cs of every fourth word: each of the four need not wait for the others, and a processor sums up more than ten gigabytes a second.
/// </summary>
internal static class PixelChecksum
{
    private const int Lanes = 4;

    public static uint Of(ReadOnlySpan<byte> pixels)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(pixels);
        (uint a, uint b, uint c, uint d) = (uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue);
        int at = 0;
        for (; at <= words.Length - Lanes; at += Lanes)
        {
            a = BitOperations.Crc32C(a, words[at]);
            b = BitOperations.Crc32C(b, words[at + 1]);
            c = BitOperations.Crc32C(c, words[at + 2]);
            d = BitOperations.Crc32C(d, words[at + 3]);
        }
        uint crc = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, a | ((ulong)b << 32)), c | ((ulong)d << 32));
        foreach (byte value in pixels[(at * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
