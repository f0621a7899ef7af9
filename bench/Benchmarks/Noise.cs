using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;

namespace Benchmarks;

/// <summary>Images of random noise; the speed does not depend on their content.</summary>
internal static class Noise
{
    public const int Classes = 100;

    public static ImageSet Images(int count, int side)
    {
        ImageShape shape = new(3, side, side);
        MemoryPixels images = new(shape.Length);
        RandomStream random = new(1, "noise");
        byte[] pixels = new byte[shape.Length];
        for (int i = 0; i < count; i++)
        {
            foreach (ref byte value in pixels.AsSpan())
            {
                value = (byte)random.NextInt(256);
            }

            images.Add(pixels);
        }

        return new ImageSet(images, shape, PixelType.Byte, Classes, [.. Enumerable.Range(0, count).Select(i => i % Classes)]);
    }
}
