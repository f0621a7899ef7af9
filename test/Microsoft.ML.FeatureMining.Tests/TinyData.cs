using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Generated data sets of small images.</summary>
internal static class TinyData
{
    /// <summary>Noise with labels 0, 1, ..., classes - 1, 0, 1, ...</summary>
    public static ImageSet Random(ImageShape shape, int count, int classes, long seed = 1)
    {
        RandomStream random = new(seed, "pixels");
        ImageSetBuilder builder = new(shape);
        for (int i = 0; i < count; i++)
        {
            builder.Add(Noise(shape.Length, random, 256), i % classes);
        }

        return builder.Build(classes);
    }

    /// <summary>Noise with a bright band whose vertical position depends on the class. A network learns it in a few epochs.</summary>
    public static ImageSet Bands(int count, int classes = 2, long seed = 1, bool sorted = false)
    {
        ImageShape shape = new(1, 8, 8);
        RandomStream random = new(seed, "bands");
        ImageSetBuilder builder = new(shape);
        for (int i = 0; i < count; i++)
        {
            int label = sorted ? i * classes / count : i % classes;
            byte[] image = Noise(shape.Length, random, 100);
            int rows = shape.Height / classes;
            foreach (ref byte pixel in image.AsSpan(label * rows * shape.Width, rows * shape.Width))
            {
                pixel += 120;
            }

            builder.Add(image, label);
        }

        return builder.Build(classes);
    }

    private static byte[] Noise(int length, RandomStream random, int bound)
    {
        byte[] values = new byte[length];
        foreach (ref byte value in values.AsSpan())
        {
            value = (byte)random.NextInt(bound);
        }

        return values;
    }
}
