using System.Numerics;
using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>CRC-32C, which processors have an instruction for: some gigabytes a second.</summary>
internal static class PixelChecksum
{
    public static uint Of(ReadOnlySpan<byte> pixels)
    {
        uint crc = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(pixels);
        foreach (ulong word in words)
            crc = BitOperations.Crc32C(crc, word);
        foreach (byte value in pixels[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
