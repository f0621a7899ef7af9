using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>The distribution of the boxes of CutMix and Feature Mining. The exact moments are printed by test/Goldens/make_boxes.py.</summary>
public sealed class CutMixBoxTests
{
    private const int Draws = 200_000;

    // With a random seed, the probability of a false alarm would be 1 in 150,000.
    private const double StandardErrors = 4.5;

    [Theory]
    [InlineData(8, 8, 3.578125, 15.546875, 3.578125, 15.546875, 14.88476562, 323.9746094, 0.0625, 3.6328125, 3.6328125)]
    [InlineData(16, 16, 7.95703125, 73.85546875, 7.95703125, 73.85546875, 70.98266602, 7062.801514, 0.015625, 7.650390625, 7.650390625)]
    [InlineData(32, 16, 16.64550781, 318.5107422, 7.95703125, 73.85546875, 147.3313293, 30108.31308, 0.015625, 15.65869141, 7.650390625)]
    [InlineData(7, 5, 3.104956268, 12.06705539, 2.016, 5.52, 7.532501458, 94.40144606, 0.16, 3.132653061, 2.12)]
    [InlineData(2, 9, 0, 0, 4.192043896, 21.29492455, 0, 0, 1, 0.5, 4.139917695)]
    public void DrawBox_ManyBoxes_HaveTheExactMoments(
        int width,
        int height,
        double meanWidth,
        double squareWidth,
        double meanHeight,
        double squareHeight,
        double meanArea,
        double squareArea,
        double empty,
        double middleX,
        double middleY
    )
    {
        RandomStream random = new(1, "boxes");
        PixelBox[] boxes = [.. Enumerable.Range(0, Draws).Select(_ => CutMix.DrawBox(width, height, random.NextDouble(), random))];

        AssertMean("width", meanWidth, box => box.Width);
        AssertMean("width squared", squareWidth, box => Square(box.Width));
        AssertMean("height", meanHeight, box => box.Height);
        AssertMean("height squared", squareHeight, box => Square(box.Height));
        AssertMean("area", meanArea, box => box.Area);
        AssertMean("area squared", squareArea, box => Square(box.Area));
        AssertMean("empty", empty, box => box.Area == 0 ? 1 : 0);
        AssertMean("middle x", middleX, box => (box.Left + box.Right) / 2.0);
        AssertMean("middle y", middleY, box => (box.Top + box.Bottom) / 2.0);

        void AssertMean(string what, double expected, Func<PixelBox, double> value)
        {
            double[] values = [.. boxes.Select(value)];
            double mean = values.Average();
            double error = Math.Sqrt(values.Average(v => Square(v - mean)) / Draws);
            Assert.True(
                Math.Abs(mean - expected) <= StandardErrors * error + 1e-8,
                $"{what} on {width}x{height}: {mean} where {expected} was expected, standard error {error:g3}."
            );
        }
    }

    [Fact]
    public void DrawBox_AnyMap_StaysOnIt()
    {
        RandomStream random = new(2, "boxes");
        for (int i = 0; i < 20_000; i++)
        {
            int width = 1 + i % 33;
            int height = 1 + i % 17;
            PixelBox box = CutMix.DrawBox(width, height, random.NextDouble(), random);
            Assert.InRange(box.Left, 0, box.Right);
            Assert.InRange(box.Right, box.Left, width);
            Assert.InRange(box.Top, 0, box.Bottom);
            Assert.InRange(box.Bottom, box.Top, height);
        }
    }

    private static double Square(double value) => value * value;
}
