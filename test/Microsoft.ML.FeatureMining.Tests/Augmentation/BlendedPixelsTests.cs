using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation;

public sealed class BlendedPixelsTests
{
    [Fact]
    public void Blend_WithVectorsOrWithout_IsTheSame()
    {
        RandomStream random = new(1, "pixels");
        foreach ((int from, int to) in ((int, int)[])[(1, 16), (16, 16), (17, 40), (60, 224), (223, 224), (500, 501)])
        {
            byte[] row = [.. Enumerable.Range(0, from + 16).Select(i => (byte)random.NextInt(256))];
            BlendedPixels pixels = new(from, to);
            short[] wide = new short[to], narrow = new short[to];

            pixels.Blend(row, wide);
            for (int place = 0; place < to; place++)
                narrow[place] = BlendedPixels.Between(row[pixels.First(place)] << BlendedPixels.Fraction, row[pixels.First(place) + 1] << BlendedPixels.Fraction, pixels.Weight(place));

            Assert.Equal(narrow, wide);
            // Vectors read beyond what counts; here nothing is there.
            pixels.Blend(row.AsSpan(0, from), wide);
            Assert.Equal(narrow, wide);
        }
    }

    [Fact]
    public void Blend_OfRows_WithVectorsOrWithout_IsTheSame()
    {
        RandomStream random = new(1, "rows");
        short[] upper = Levels(), lower = Levels();
        foreach (short weight in (short[])[0, 1, 9999, short.MaxValue])
        {
            byte[] all = new byte[upper.Length], one = new byte[1];
            BlendedRows.Blend(upper, lower, weight, all);
            for (int i = 0; i < all.Length; i++)
            {
                BlendedRows.Blend(upper.AsSpan(i), lower.AsSpan(i), weight, one);
                Assert.Equal(one[0], all[i]);
            }
        }

        short[] Levels() => [.. Enumerable.Range(0, 53).Select(i => (short)(random.NextInt(256) << BlendedPixels.Fraction))];
    }
}
