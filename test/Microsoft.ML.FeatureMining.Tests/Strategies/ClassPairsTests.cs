using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

public sealed class ClassPairsTests
{
    [Fact]
    public void Order_AnySet_KeepsEachImageOnce() =>
        PropertyAssert.Holds(
            Prop.ForAll<PositiveInt, PositiveInt, PositiveInt>(
                (count, classes, batch) =>
                {
                    int[] arranged = Arrange(count.Get, classes.Get, batch.Get, out _);

                    Assert.Equal(Enumerable.Range(0, count.Get), arranged.Order());
                }
            )
        );

    [Theory]
    [InlineData(100, 7, 10)]
    [InlineData(101, 7, 16)]
    [InlineData(40, 20, 8)]
    public void Order_EvenBatches_PairsAllButOneOfEachClass(int count, int classes, int batch)
    {
        int[] arranged = Arrange(count, classes, batch, out int[] labels);

        int pairs = labels.CountBy(label => label).Sum(entry => entry.Value / 2);
        Assert.Equal(pairs, arranged.Chunk(batch).Sum(rows => rows.Chunk(2).Count(pair => pair.Length == 2 && labels[pair[0]] == labels[pair[1]])));
    }

    [Theory]
    [InlineData(90, 3, 5)]
    [InlineData(33, 5, 3)]
    public void Order_OddBatches_PairsAllRowsButTheLast(int count, int classes, int batch)
    {
        int[] arranged = Arrange(count, classes, batch, out int[] labels);

        // Some pairs are split to fill the odd rows, but the first half of the batches has complete pairs.
        Assert.All(
            arranged.Chunk(batch).Take(count / batch / 2),
            rows => Assert.All(rows.Take(batch - 1).Chunk(2), pair => Assert.Equal(labels[pair[0]], labels[pair[1]]))
        );
    }

    [Fact]
    public void Order_ManyEpochs_PairsEvenly()
    {
        // With four images of a class, each of the three others is the partner with probability 1/3.
        const int Epochs = 6000;
        RandomStream random = new(1, "shuffle");
        int[] labels = new int[4];
        int together = Enumerable
            .Range(0, Epochs)
            .Count(_ => ClassPairs.Order(random.Permutation(4), labels, 4) is var order && Array.IndexOf(order, 0) / 2 == Array.IndexOf(order, 3) / 2);

        Assert.Equal(1.0 / 3, (double)together / Epochs, 5 * Math.Sqrt(2.0 / 9 / Epochs));
    }

    /// <summary>As balanced sampling draws them.</summary>
    [Fact]
    public void Order_ImagesThatRepeat_KeepsEachAsOften() =>
        PropertyAssert.Holds(
            Prop.ForAll<PositiveInt, PositiveInt, PositiveInt>(
                (count, classes, batch) =>
                {
                    RandomStream random = new(count.Get, "drawn");
                    int[] labels = [.. Enumerable.Range(0, count.Get).Select(_ => random.NextInt(classes.Get))];
                    int[] drawn = [.. Enumerable.Range(0, count.Get).Select(_ => random.NextInt(count.Get))];

                    Assert.Equal(drawn.Order(), ClassPairs.Order(drawn, labels, batch.Get).Order());
                }
            )
        );

    private static int[] Arrange(int count, int classes, int batch, out int[] labels)
    {
        RandomStream random = new(count, "labels");
        labels = [.. Enumerable.Range(0, count).Select(_ => random.NextInt(classes))];
        return ClassPairs.Order(random.Permutation(count), labels, batch);
    }
}
