using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Native;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

public sealed class LabeledDataTests
{
    private static readonly MLContext Ml = new(1);

    // 40 rows of a, 20 of b and 10 of c, interleaved; and one row without a label.
    private static readonly string[] Labels =
    [
        .. Enumerable
            .Range(0, 70)
            .Select(i =>
                i % 7 is var k && k < 4 ? "a"
                : k < 6 ? "b"
                : "c"
            ),
        "",
    ];

    private static readonly IDataView Texts = Ml.Data.LoadFromEnumerable(Labels.Select((label, i) => new TextRow { Number = i, Label = label }).ToArray());

    [Fact]
    public void SplitByClass_AnyRows_TakesTheFractionOfEachClassAndKeepsAllRows()
    {
        (IDataView train, IDataView test) = Ml.Data.SplitByClass(Texts, 0.2, seed: 3);

        Assert.Equal(["a:8", "b:4", "c:2"], Counts(test));
        Assert.Equal(["a:32", "b:16", "c:8"], Counts(train));
        Assert.Equal(Enumerable.Range(0, 71), Numbers(train).Concat(Numbers(test)).Order());
        Assert.Equal((57, 14), (train.GetRowCount(), test.GetRowCount()));
        Assert.Contains(70, Numbers(train));
    }

    [Fact]
    public void SplitByClass_Seed_DeterminesTheRows()
    {
        int[] one = Numbers(Ml.Data.SplitByClass(Texts, 0.3, seed: 1).Test),
            again = Numbers(new MLContext(99).Data.SplitByClass(Texts, 0.3, seed: 1).Test);

        Assert.Equal(one, again);
        Assert.NotEqual(one, Numbers(Ml.Data.SplitByClass(Texts, 0.3, seed: 2).Test));
    }

    [Fact]
    public void TakeClasses_TwoOfThree_KeepsAllRowsOfTheFirstTwo()
    {
        IDataView two = Ml.Data.TakeClasses(Texts, 2);

        Assert.Equal(["a:40", "b:20"], Counts(two));
        Assert.Equal(Numbers(two).Order(), Numbers(two));
        Assert.Equal(Numbers(two).Length, Numbers(Ml.Data.TakeClasses(two, 2)).Length);
        Assert.Equal(
            "The label column 'Label' has 3 classes, fewer than the 4 to take.",
            Assert.Throws<InvalidOperationException>(() => Ml.Data.TakeClasses(Texts, 4)).Message
        );
        Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.TakeClasses(Texts, 0));
    }

    [Fact]
    public void TakeRowsPerClass_MoreRows_ContainTheFewer()
    {
        int[] two = Numbers(Ml.Data.TakeRowsPerClass(Texts, 2, seed: 5)),
            seven = Numbers(Ml.Data.TakeRowsPerClass(Texts, 7, seed: 5));

        Assert.Equal(["a:2", "b:2", "c:2"], Counts(Ml.Data.TakeRowsPerClass(Texts, 2, seed: 5)));
        Assert.Equal((6, 21), (two.Length, seven.Length));
        Assert.Subset(seven.ToHashSet(), two.ToHashSet());
        Assert.Equal(seven.Order(), seven);
    }

    [Fact]
    public void TakeRowsPerClass_TooFewRows_NamesTheClass()
    {
        InvalidOperationException error = Assert.Throws<InvalidOperationException>(() => Ml.Data.TakeRowsPerClass(Texts, 11));

        Assert.Contains("Class 'c' has 10 rows, fewer than 11", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TakeRowsPerClass_ManySeeds_TakeEachRowEquallyOften()
    {
        var taken = new int[71];
        for (int seed = 0; seed < 400; seed++)
        {
            foreach (int row in Numbers(Ml.Data.TakeRowsPerClass(Texts, 5, seed: seed)))
            {
                taken[row]++;
            }
        }

        // Class c has ten rows, each is taken with probability 1/2: expected 200, standard deviation 10.
        Assert.All(Enumerable.Range(0, 10), k => Assert.InRange(taken[(7 * k) + 6], 155, 245));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.25)]
    [InlineData(1.0)]
    public void AddLabelNoise_Symmetric_ChangesTheExactFractionOfEachClass(double rate)
    {
        string[] noisy = [.. Ml.Data.AddLabelNoise(Texts, rate, seed: 2).GetColumn<string>("Label")];

        foreach ((string name, int rows) in (ReadOnlySpan<(string, int)>)[("a", 40), ("b", 20), ("c", 10)])
        {
            Assert.Equal((int)Math.Round(rate * rows), Labels.Zip(noisy).Count(pair => pair.First == name && pair.Second != name));
        }

        Assert.Equal("", noisy[70]);
        Assert.All(noisy.SkipLast(1), label => Assert.Contains(label, (string[])["a", "b", "c"]));
    }

    [Fact]
    public void AddLabelNoise_HigherRate_KeepsTheChangesOfTheLower()
    {
        string[] low = [.. Ml.Data.AddLabelNoise(Texts, 0.2, seed: 2).GetColumn<string>("Label")],
            high = [.. Ml.Data.AddLabelNoise(Texts, 0.6, seed: 2).GetColumn<string>("Label")];

        Assert.All(Enumerable.Range(0, 71).Where(i => low[i] != Labels[i]), i => Assert.Equal(low[i], high[i]));
    }

    [Fact]
    public void AddLabelNoise_Symmetric_IsUniformOverTheOtherClasses()
    {
        int[] wrong = new int[10];
        IDataView rows = Ml.Data.LoadFromEnumerable(
            Enumerable.Repeat(new NumberRow { Label = 4 }, 9000).Concat(Enumerable.Range(0, 10).Select(i => new NumberRow { Label = i })).ToArray()
        );

        foreach (float label in Ml.Data.AddLabelNoise(rows, 1).GetColumn<float>("Label").Take(9000))
        {
            wrong[(int)label]++;
        }

        // Expected 1,000 in each of nine classes, standard deviation 30.
        Assert.Equal(0, wrong[4]);
        Assert.All(wrong.Where((_, i) => i != 4), count => Assert.InRange(count, 870, 1130));
    }

    [Fact]
    public void AddLabelNoise_Pair_ChangesToTheNextClassByNumber()
    {
        IDataView rows = Ml.Data.LoadFromEnumerable(((float[])[10, 9, 100, float.NaN]).Select(label => new NumberRow { Label = label }).ToArray());

        Assert.Equal([100, 10, 9, float.NaN], Ml.Data.AddLabelNoise(rows, 1, LabelNoise.Pair).GetColumn<float>("Label"));
    }

    [Fact]
    public void AddLabelNoise_OnKeys_KeepsTheirValues()
    {
        IDataView keys = Ml.Transforms.Conversion.MapValueToKey("Label").Fit(Texts).Transform(Texts);

        IDataView noisy = Ml.Data.AddLabelNoise(keys, 1, LabelNoise.Pair);

        string[] back = [.. Ml.Transforms.Conversion.MapKeyToValue("Label").Fit(noisy).Transform(noisy).GetColumn<string>("Label")];
        Assert.Equal(
            Labels.Select(label =>
                label switch
                {
                    "a" => "b",
                    "b" => "c",
                    "c" => "a",
                    _ => "",
                }
            ),
            back
        );
        Assert.Equal(Enumerable.Range(0, 71), Numbers(noisy));
    }

    [Fact]
    public void CountClasses_UnevenClasses_GivesBalancingWeights()
    {
        IReadOnlyList<ClassCount> counts = Ml.Data.CountClasses(Texts);

        Assert.Equal([new("a", 40, 70 / 120.0), new("b", 20, 70 / 60.0), new("c", 10, 70 / 30.0)], counts);
        Assert.All(counts, entry => Assert.Equal(70 / 3.0, entry.Rows * entry.Weight, 1e-9));
    }

    [Fact]
    public void Views_ThroughCacheShuffleAndPipelines_KeepTheirRows()
    {
        IDataView few = Ml.Data.TakeRowsPerClass(Ml.Data.AddLabelNoise(Texts, 0.5), 3);

        IDataView shuffled = Ml.Data.ShuffleRows(Ml.Data.Cache(few), seed: 1);

        Assert.Equal(Numbers(few), Numbers(shuffled).Order());
        Assert.Equal(3, Numbers(Ml.Data.TakeRows(few, 3)).Length);
        Assert.Equal(few.GetColumn<string>("Label").Order(), shuffled.GetColumn<string>("Label").Order());
    }

    [Fact]
    public void Views_RowsThatChanged_Throw()
    {
        List<TextRow> source = [.. Labels.SkipLast(1).Select(label => new TextRow { Label = label })];
        IDataView few = Ml.Data.TakeRowsPerClass(Ml.Data.LoadFromEnumerable(source), 10);

        source.Add(new TextRow { Label = "a" });
        Assert.Contains("more than the 70 rows", Assert.Throws<InvalidOperationException>(() => Numbers(few)).Message, StringComparison.Ordinal);
        source.RemoveRange(60, 11);
        Assert.Contains("has 60 rows, but it had 70", Assert.Throws<InvalidOperationException>(() => Numbers(few)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AllMethods_InvalidArguments_Throw()
    {
        IDataView one = Ml.Data.LoadFromEnumerable([new TextRow { Label = "only" }]);
        Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.SplitByClass(Texts, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.SplitByClass(Texts, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.TakeRowsPerClass(Texts, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.AddLabelNoise(Texts, 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.AddLabelNoise(Texts, 0.1, (LabelNoise)7));
        Assert.Throws<InvalidOperationException>(() => Ml.Data.AddLabelNoise(one, 0.1));
        Assert.Contains("Nope", Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.CountClasses(Texts, "Nope")).Message, StringComparison.Ordinal);
        Assert.Contains("Vector", Assert.Throws<ArgumentOutOfRangeException>(() => Ml.Data.CountClasses(Texts, "Vector")).Message, StringComparison.Ordinal);
    }

    private static string[] Counts(IDataView rows) => [.. Ml.Data.CountClasses(rows).Select(entry => $"{entry.Name}:{entry.Rows}")];

    private static int[] Numbers(IDataView rows) => [.. rows.GetColumn<int>("Number")];

    private sealed class TextRow
    {
        public int Number { get; set; }

        public string Label { get; set; } = "";

        [VectorType(2)]
        public float[] Vector { get; set; } = [0, 0];
    }

    private sealed class NumberRow
    {
        public float Label { get; set; }
    }
}
