using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation.Engine;

public sealed class ResizeAxisTests
{
    [Fact]
    public void ResizeRow_WithVectorsOrWithout_IsTheSame()
    {
        RandomStream random = new(1, "pixels");
        foreach ((int from, int to) in ((int, int)[])[(1, 16), (16, 16), (17, 40), (60, 224), (223, 224), (500, 501)])
        {
            byte[] row = [.. Enumerable.Range(0, from + 16).Select(i => (byte)random.NextInt(256))];
            ResizeAxis axis = new(from, to);
            short[] wide = new short[to],
                narrow = new short[to];

            axis.ResizeRow(row, wide);
            for (int i = 0; i < to; i++)
            {
                narrow[i] = ResizeAxis.Blend(row[axis.First(i)] << ResizeAxis.FractionBits, row[axis.First(i) + 1] << ResizeAxis.FractionBits, axis.Weight(i));
            }

            Assert.Equal(narrow, wide);
            // Vectors may read beyond the inputs; here the array ends with them.
            axis.ResizeRow(row.AsSpan(0, from), wide);
            Assert.Equal(narrow, wide);
        }
    }

    [Fact]
    public void BlendRows_WithVectorsOrWithout_IsTheSame()
    {
        RandomStream random = new(1, "rows");
        short[] upper = Levels(),
            lower = Levels();
        foreach (short weight in (short[])[0, 1, 9999, short.MaxValue])
        {
            byte[] all = new byte[upper.Length],
                one = new byte[1];
            ResizeAxis.BlendRows(upper, lower, weight, all);
            for (int i = 0; i < all.Length; i++)
            {
                ResizeAxis.BlendRows(upper.AsSpan(i), lower.AsSpan(i), weight, one);
                Assert.Equal(one[0], all[i]);
            }
        }

        short[] Levels() => [.. Enumerable.Range(0, 53).Select(i => (short)(random.NextInt(256) << ResizeAxis.FractionBits))];
    }
}
