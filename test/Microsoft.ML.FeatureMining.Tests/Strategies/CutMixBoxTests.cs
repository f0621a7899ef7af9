using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>The law of the box; its exact moments are those that test/Goldens/make_boxes.py prints.</summary>
public sealed class BoundingBoxTests
{
    private const int Draws = 200_000;

    // Four and a half standard errors: one false alarm in 150,000 had the seed been free.
    private const double StandardErrors = 4.5;

    [Theory]
    [InlineData(8, 8, 3.578125, 15.546875, 3.578125, 15.546875, 14.88476562, 323.9746094, 0.0625, 3.6328125, 3.6328125)]
    [InlineData(16, 16, 7.95703125, 73.85546875, 7.95703125, 73.85546875, 70.98266602, 7062.801514, 0.015625, 7.650390625, 7.650390625)]
    [InlineData(32, 16, 16.64550781, 318.5107422, 7.95703125, 73.85546875, 147.3313293, 30108.31308, 0.015625, 15.65869141, 7.650390625)]
    [InlineData(7, 5, 3.104956268, 12.06705539, 2.016, 5.52, 7.532501458, 94.40144606, 0.16, 3.132653061, 2.12)]
    [InlineData(2, 9, 0, 0, 4.192043896, 21.29492455, 0, 0, 1, 0.5, 4.139917695)]
    public void Draw_ManyBoxes_HaveTheExactMoments(
        int width, int height, double meanWidth, double squareWidth, double meanHeight, double squareHeight, double meanArea, double squareArea, double empty, double middleX, double middleY)
    {
        RandomStream random = new(1, "boxes");
        BoundingBox[] boxes = [.. Enumerable.Range(0, Draws).Select(_ => BoundingBox.Draw(width, height, random))];

        AssertMean("width", meanWidth, box => box.Right - box.Left);
        AssertMean("width squared", squareWidth, box => Square(box.Right - box.Left));
        AssertMean("height", meanHeight, box => box.Bottom - box.Top);
        AssertMean("height squared", squareHeight, box => Square(box.Bottom - box.Top));
        AssertMean("area", meanArea, Area);
        AssertMean("area squared", squareArea, box => Square(Area(box)));
        AssertMean("empty", empty, box => Area(box) == 0 ? 1 : 0);
        AssertMean("middle x", middleX, box => (box.Left + box.Right) / 2.0);
        AssertMean("middle y", middleY, box => (box.Top + box.Bottom) / 2.0);

        void AssertMean(string what, double expected, Func<BoundingBox, double> value)
        {
            double[] values = [.. boxes.Select(value)];
            double mean = values.Average();
            double error = Math.Sqrt(values.Average(v => Square(v - mean)) / Draws);
            Assert.True(Math.Abs(mean - expected) <= StandardErrors * error + 1e-8, $"{what} on {width}x{height}: {mean} where {expected} was expected, standard error {error:g3}.");
        }
    }

    [Fact]
    public void Draw_AnyMap_StaysOnIt()
    {
        RandomStream random = new(2, "boxes");
        for (int i = 0; i < 20_000; i++)
        {
            int width = 1 + i % 33;
            int height = 1 + i % 17;
            BoundingBox box = BoundingBox.Draw(width, height, random);
            Assert.InRange(box.Left, 0, box.Right);
            Assert.InRange(box.Right, box.Left, width);
            Assert.InRange(box.Top, 0, box.Bottom);
            Assert.InRange(box.Bottom, box.Top, height);
        }
    }

    [Fact]
    public void Contains_EachPoint_CountsTheArea()
    {
        BoundingBox box = new(1, 2, 4, 6);

        int inside = Enumerable.Range(0, 64).Count(i => box.Contains(i % 8, i / 8));

        Assert.Equal(12, inside);
        Assert.True(box.Contains(1, 2));
        Assert.False(box.Contains(4, 2));
        Assert.False(box.Contains(1, 6));
    }

    private static double Area(BoundingBox box) => (double)(box.Right - box.Left) * (box.Bottom - box.Top);

    private static double Square(double value) => value * value;
}
