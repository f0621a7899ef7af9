using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

public sealed class StratifiedSplitTests
{
    [Fact]
    public void TakesNext_OverAllRows_TakesTheShareOfEachClassAndLeavesOneOfEach()
    {
        int[] rows = [100, 10, 1, 0];
        int[] labels = [.. Enumerable.Range(0, 100).SelectMany(i => i < 10 ? i == 0 ? (int[])[0, 1, 2] : [0, 1] : [0])];

        int[] taken = [.. Taken(0.9, 1).GroupBy(label => label).OrderBy(group => group.Key).Select(group => group.Count())];

        Assert.Equal([90, 9], taken);
        Assert.Equal([20, 2], Taken(0.2, 1).GroupBy(label => label).OrderBy(group => group.Key).Select(group => group.Count()));

        IEnumerable<int> Taken(double fraction, long seed)
        {
            StratifiedSplit split = new(rows, fraction, new RandomStream(seed, "test"));
            return [.. labels.Where(split.TakesNext)];
        }
    }

    [Fact]
    public void TakesNext_TakesEachRowEquallyOften()
    {
        var counts = new int[10];
        for (int seed = 0; seed < 2000; seed++)
        {
            StratifiedSplit split = new([10], 0.3, new RandomStream(seed, "test"));
            for (int i = 0; i < 10; i++)
                counts[i] += split.TakesNext(0) ? 1 : 0;
        }

        // 600 expected; the standard deviation is 20.5.
        Assert.All(counts, count => Assert.InRange(count, 500, 700));
    }
}
