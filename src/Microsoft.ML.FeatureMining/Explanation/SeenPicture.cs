using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>An image as a network takes it, made visible.</summary>
internal static class SeenPicture
{
    /// <summary>RGB: of three channels all, of any other number the first as gray; floats between their least and their largest.</summary>
    public static DecodedImage Of(ReadOnlySpan<byte> pixels, ImageShape shape, PixelType element)
    {
        byte[] planar = element == PixelType.Byte ? pixels[..shape.Length].ToArray() : ToBytes(MemoryMarshal.Cast<byte, float>(pixels)[..shape.Length]);
        int plane = shape.Height * shape.Width;
        int step = shape.Channels == 3 ? plane : 0;
        byte[] seen = new byte[3 * plane];
        for (int i = 0; i < seen.Length; i++)
        {
            seen[i] = planar[i % 3 * step + i / 3];
        }

        return new DecodedImage(shape.Width, shape.Height, 3, seen);
    }

    private static byte[] ToBytes(ReadOnlySpan<float> values)
    {
        (float least, float largest) = (float.MaxValue, float.MinValue);
        foreach (float value in values)
        {
            (least, largest) = (Math.Min(least, value), Math.Max(largest, value));
        }

        float scale = largest > least ? byte.MaxValue / (largest - least) : 0;
        byte[] bytes = new byte[values.Length];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)Math.Round((values[i] - least) * scale);
        }

        return bytes;
    }
}
