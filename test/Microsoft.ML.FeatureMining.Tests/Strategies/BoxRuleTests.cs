using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>
/// The readings of equation 1 of Feature Mining on feature maps: how much of the map the boxes cover, which columns, and how often a part is empty. The expected
/// values are printed by test/Goldens/make_boxes.py, which integrates over lambda and the places of the box, and draws no boxes.
/// </summary>
public sealed class BoxRuleTests
{
    private const int Draws = 100_000;

    // With a random seed, the probability of a false alarm would be 1 in 150,000.
    private const double StandardErrors = 4.5;

    [Theory]
    [InlineData(
        BoxRule.CutMix,
        16,
        16,
        0.277276,
        0.015625,
        0.0,
        0.200912,
        0.23164,
        0.261223,
        0.288483,
        0.311897,
        0.329647,
        0.339661,
        0.339661,
        0.339661,
        0.329647,
        0.311897,
        0.288483,
        0.261223,
        0.23164,
        0.200912,
        0.16983
    )]
    [InlineData(BoxRule.CutMix, 8, 8, 0.232574, 0.0625, 0.0, 0.195557, 0.245972, 0.279297, 0.279297, 0.279297, 0.245972, 0.195557, 0.139648)]
    [InlineData(BoxRule.CutMix, 7, 7, 0.235489, 0.0816327, 0.0, 0.206343, 0.260427, 0.285952, 0.285952, 0.260427, 0.206343, 0.142976)]
    [InlineData(BoxRule.CutMix, 4, 4, 0.143555, 0.25, 0.0, 0.164062, 0.164062, 0.164062, 0.0820312)]
    [InlineData(BoxRule.CutMix, 2, 2, 0.0, 1.0, 0.0, 0.0, 0.0)]
    [InlineData(BoxRule.CutMix, 5, 3, 0.167111, 0.444444, 0.0, 0.163457, 0.203457, 0.203457, 0.163457, 0.101728)]
    [InlineData(BoxRule.CutMix, 3, 1, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)]
    [InlineData(
        BoxRule.Rounded,
        16,
        16,
        0.321185,
        0.00195321,
        0.000160213,
        0.217044,
        0.250819,
        0.284035,
        0.315812,
        0.344895,
        0.369703,
        0.388372,
        0.398802,
        0.398802,
        0.388372,
        0.369703,
        0.344895,
        0.315812,
        0.284035,
        0.250819,
        0.217044
    )]
    [InlineData(BoxRule.Rounded, 8, 8, 0.322235, 0.00781259, 0.00126139, 0.234344, 0.300669, 0.358531, 0.395396, 0.395396, 0.358531, 0.300669, 0.234344)]
    [InlineData(BoxRule.Rounded, 7, 7, 0.322704, 0.0102042, 0.00187421, 0.239355, 0.314363, 0.375171, 0.401152, 0.375171, 0.314363, 0.239355)]
    [InlineData(BoxRule.Rounded, 4, 4, 0.326335, 0.0312501, 0.00976561, 0.269694, 0.382975, 0.382975, 0.269694)]
    [InlineData(BoxRule.Rounded, 2, 2, 0.341146, 0.125, 0.0729166, 0.341146, 0.341146)]
    [InlineData(BoxRule.Rounded, 5, 3, 0.328087, 0.0410371, 0.0100444, 0.258371, 0.358484, 0.406721, 0.358484, 0.258371)]
    [InlineData(BoxRule.Rounded, 3, 1, 0.406721, 0.339506, 0.0884773, 0.360082, 0.5, 0.360082)]
    [InlineData(
        BoxRule.Inside,
        16,
        16,
        0.5,
        0.00195321,
        0.0410147,
        0.212977,
        0.365982,
        0.46388,
        0.529529,
        0.573921,
        0.60321,
        0.621033,
        0.629468,
        0.629468,
        0.621033,
        0.60321,
        0.573921,
        0.529529,
        0.46388,
        0.365982,
        0.212977
    )]
    [InlineData(BoxRule.Inside, 8, 8, 0.5, 0.00781259, 0.0807287, 0.304099, 0.49272, 0.582987, 0.620194, 0.620194, 0.582987, 0.49272, 0.304099)]
    [InlineData(BoxRule.Inside, 7, 7, 0.5, 0.0102042, 0.0918363, 0.323372, 0.516035, 0.599206, 0.622773, 0.599206, 0.516035, 0.323372)]
    [InlineData(BoxRule.Inside, 4, 4, 0.5, 0.0312501, 0.15625, 0.406684, 0.593316, 0.593316, 0.406684)]
    [InlineData(BoxRule.Inside, 2, 2, 0.5, 0.125, 0.291667, 0.5, 0.5)]
    [InlineData(BoxRule.Inside, 5, 3, 0.5, 0.0410371, 0.150666, 0.373289, 0.568178, 0.617067, 0.568178, 0.373289)]
    [InlineData(BoxRule.Inside, 3, 1, 0.5, 0.339506, 0.265432, 0.44856, 0.602881, 0.44856)]
    [InlineData(
        BoxRule.InsideProper,
        16,
        16,
        0.497444,
        0.0,
        0.0,
        0.201449,
        0.364708,
        0.462605,
        0.528255,
        0.572647,
        0.601936,
        0.619759,
        0.628194,
        0.628194,
        0.619759,
        0.601936,
        0.572647,
        0.528255,
        0.462605,
        0.364708,
        0.201449
    )]
    [InlineData(BoxRule.InsideProper, 8, 8, 0.490031, 0.0, 0.0, 0.278994, 0.487796, 0.578063, 0.61527, 0.61527, 0.578063, 0.487796, 0.278994)]
    [InlineData(BoxRule.InsideProper, 7, 7, 0.487089, 0.0, 0.0, 0.294062, 0.509683, 0.592855, 0.616421, 0.592855, 0.509683, 0.294062)]
    [InlineData(BoxRule.InsideProper, 4, 4, 0.462891, 0.0, 0.0, 0.350043, 0.575738, 0.575738, 0.350043)]
    [InlineData(BoxRule.InsideProper, 2, 2, 0.385417, 0.0, 0.0, 0.385417, 0.385417)]
    [InlineData(BoxRule.InsideProper, 5, 3, 0.462769, 0.0, 0.0, 0.3133, 0.546118, 0.595007, 0.546118, 0.3133)]
    [InlineData(BoxRule.InsideProper, 3, 1, 0.580247, 0.0, 0.0, 0.45679, 0.82716, 0.45679)]
    public void Draw_ManyBoxes_HaveTheTableOfTheRule(BoxRule rule, int width, int height, double share, double empty, double full, params double[] columns)
    {
        RandomStream random = new(1, "boxes");
        PixelBox[] boxes = [.. Enumerable.Range(0, Draws).Select(_ => RandomBox.Draw(rule, width, height, random.NextDouble(), random))];

        AssertMean("share", share, box => (double)box.Area / (width * height));
        AssertMean("empty", empty, box => box.Area == 0 ? 1 : 0);
        AssertMean("full", full, box => box.Area == width * height ? 1 : 0);
        for (int x = 0; x < width; x++)
        {
            AssertMean($"column {x}", columns[x], box => x >= box.Left && x < box.Right ? (double)box.Height / height : 0);
        }

        void AssertMean(string what, double expected, Func<PixelBox, double> value)
        {
            double[] values = [.. boxes.Select(value)];
            double mean = values.Average();
            double error = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)) / Draws);
            Assert.True(
                Math.Abs(mean - expected) <= StandardErrors * error + 1e-7,
                $"{rule}: {what} on {width}x{height} is {mean} where {expected} was expected, standard error {error:g3}."
            );
        }
    }

    [Theory]
    [InlineData(8, 8, 0.9)]
    [InlineData(7, 5, 0.3)]
    [InlineData(1, 3, 0.5)]
    [InlineData(4, 4, 0.01)]
    public void Inside_OneLambda_CoversExactlyItsShareOnAverage(int width, int height, double lambda)
    {
        RandomStream random = new(3, "boxes");

        double[] shares =
        [
            .. Enumerable.Range(0, Draws).Select(_ => (double)RandomBox.Draw(BoxRule.Inside, width, height, lambda, random).Area / (width * height)),
        ];

        double mean = shares.Average();
        Assert.Equal(1 - lambda, mean, StandardErrors * Math.Sqrt(shares.Average(share => (share - mean) * (share - mean)) / Draws));
    }

    [Theory]
    [InlineData(BoxRule.CutMix)]
    [InlineData(BoxRule.Rounded)]
    [InlineData(BoxRule.Inside)]
    [InlineData(BoxRule.InsideProper)]
    public void Draw_AnyMap_StaysOnIt(BoxRule rule)
    {
        RandomStream random = new(2, "boxes");
        for (int i = 0; i < 20_000; i++)
        {
            (int width, int height) = (1 + i % 33, 1 + i % 17);
            double lambda = (i % 100) switch
            {
                0 => 0,
                1 => 1,
                _ => random.NextDouble(),
            };
            PixelBox box = RandomBox.Draw(rule, width, height, lambda, random);
            Assert.InRange(box.Left, 0, box.Right);
            Assert.InRange(box.Right, box.Left, width);
            Assert.InRange(box.Top, 0, box.Bottom);
            Assert.InRange(box.Bottom, box.Top, height);
            if (rule == BoxRule.InsideProper && width * height > 1)
            {
                Assert.InRange(box.Area, 1, width * height - 1);
            }
        }
    }

    [Fact]
    public void Draw_CutMix_IsTheBoxOfCutMix()
    {
        (RandomStream one, RandomStream other) = (new(4, "boxes"), new(4, "boxes"));
        for (int i = 0; i < 1000; i++)
        {
            Assert.Equal(CutMix.DrawBox(8, 5, one.NextDouble(), one), RandomBox.Draw(BoxRule.CutMix, 8, 5, other.NextDouble(), other));
        }
    }

    // The table's empty and full boxes: from a quarter of the draws on, the strategy warns (SmallMapTests).
    [Theory]
    [InlineData(BoxRule.CutMix, 3, 4.0 / 9)]
    [InlineData(BoxRule.CutMix, 4, 0.25)]
    [InlineData(BoxRule.CutMix, 7, 4.0 / 49)]
    [InlineData(BoxRule.CutMix, 8, 1.0 / 16)]
    [InlineData(BoxRule.Inside, 2, 5.0 / 12)]
    [InlineData(BoxRule.Inside, 4, 0.1875)]
    [InlineData(BoxRule.Inside, 8, 17.0 / 192)]
    [InlineData(BoxRule.InsideProper, 1, 1)]
    [InlineData(BoxRule.InsideProper, 2, 0)]
    public void DeadFraction_OfARule_IsTheClosedForm(BoxRule rule, int side, double expected) =>
        Assert.Equal(expected, new Strategy { BoxRule = rule }.DeadFraction(new StageShape(8, side, side)), rule == BoxRule.Inside ? 0.03 : 0.001);
}
