using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

public sealed class StratifiedSplitTests
{
    [Fact]
    public void HeldOut_UnevenClasses_TakesTheFractionAndLeavesOneRowPerClass()
    {
        // 100, 10 and 1 rows of three classes.
        int[] labels =
        [
            .. Enumerable
                .Range(0, 100)
                .SelectMany(i =>
                    i < 10
                        ? i == 0
                            ? (int[])[0, 1, 2]
                            : [0, 1]
                        : [0]
                ),
        ];

        int[] taken = [.. Taken(0.9, 1).GroupBy(label => label).OrderBy(group => group.Key).Select(group => group.Count())];

        Assert.Equal([90, 9], taken);
        Assert.Equal([20, 2], Taken(0.2, 1).GroupBy(label => label).OrderBy(group => group.Key).Select(group => group.Count()));

        IEnumerable<int> Taken(double fraction, long seed)
        {
            bool[] heldOut = StratifiedSplit.HeldOut(labels, fraction, new RandomStream(seed, "test"));
            return [.. labels.Where((_, row) => heldOut[row])];
        }
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.14)]
    [InlineData(0.99)]
    public void HeldOut_AnyFraction_HoldsOutAtLeastOneRowOfEachClassAndLeavesOne(double fraction)
    {
        // 24 rows of ten classes each; 2 and 1 rows of two more.
        int[] labels = [.. Enumerable.Range(0, 240).Select(i => i % 10), 10, 10, 11];

        bool[] heldOut = StratifiedSplit.HeldOut(labels, fraction, new RandomStream(1, "test"));

        int[] counts = [.. Enumerable.Range(0, 12).Select(label => labels.Where((other, row) => other == label && heldOut[row]).Count())];
        int expected = Math.Clamp((int)Math.Round(24 * fraction), 1, 23);
        Assert.Equal([.. Enumerable.Repeat(expected, 10), 1, 0], counts);
    }

    [Fact]
    public void HeldOut_ManySeeds_TakeEachRowEquallyOften()
    {
        var counts = new int[10];
        for (int seed = 0; seed < 2000; seed++)
        {
            foreach ((int row, bool isHeldOut) in StratifiedSplit.HeldOut(new int[10], 0.3, new RandomStream(seed, "test")).Index())
            {
                counts[row] += isHeldOut ? 1 : 0;
            }
        }

        // Expected 600, standard deviation 20.5.
        Assert.All(counts, count => Assert.InRange(count, 500, 700));
    }
}
