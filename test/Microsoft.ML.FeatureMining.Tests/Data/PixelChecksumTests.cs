using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Tests.Data;

public sealed class PixelChecksumTests
{
    private static readonly byte[] Pixels = [.. Enumerable.Range(0, 150).Select(i => (byte)((i * 37) + (i / 7)))];

    [Fact]
    public void Of_AnyLength_IsFourChecksumsOfWordsBitByBit()
    {
        for (int length = 0; length <= Pixels.Length; length++)
        {
            byte[] pixels = Pixels[..length];
            byte[][] blocks = [.. pixels.Chunk(32).Where(block => block.Length == 32)];
            uint[] lanes = [.. Enumerable.Range(0, 4).Select(lane => Crc(uint.MaxValue, [.. blocks.SelectMany(block => block.Skip(8 * lane).Take(8))]))];
            byte[] rest = [.. lanes.SelectMany(BitConverter.GetBytes), .. pixels.Skip(32 * blocks.Length)];

            Assert.Equal(~Crc(uint.MaxValue, rest), PixelChecksum.Of(pixels));
        }
    }

    [Fact]
    public void Of_AnyBitTurned_IsAnother()
    {
        uint right = PixelChecksum.Of(Pixels);

        for (int bit = 0; bit < 8 * Pixels.Length; bit++)
        {
            byte[] damaged = [.. Pixels];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(right, PixelChecksum.Of(damaged));
        }
    }

    // Castagnoli's polynomial, reflected.
    private static uint Crc(uint crc, byte[] bytes)
    {
        foreach (byte value in bytes)
        {
            crc ^= value;
            for (int bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
        }
        return crc;
    }
}
