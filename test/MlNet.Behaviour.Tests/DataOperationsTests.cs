using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class DataOperationsTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void TakeAndSkip_AreStretches()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(5));

        Assert.Equal([0, 1], _ml.Data.TakeRows(data, 2).GetColumn<int>("Number"));
        Assert.Equal([2, 3, 4], _ml.Data.SkipRows(data, 2).GetColumn<int>("Number"));
        Assert.Equal([0, 1, 2, 3, 4], _ml.Data.TakeRows(data, 20).GetColumn<int>("Number"));
        Assert.Empty(_ml.Data.SkipRows(data, 20).GetColumn<int>("Number"));
        Assert.Equal(2, _ml.Data.TakeRows(data, 2).GetRowCount());
        Assert.Equal(3, _ml.Data.SkipRows(data, 2).GetRowCount());
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.TakeRows(data, 0)).ParamName);
    }

    [Fact]
    public void FilterRowsByColumn_UpperBoundIsLeftOut()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 6).Select(i => new Valued { Value = i }).Append(new Valued { Value = float.NaN }));

        Assert.Equal([2, 3], _ml.Data.FilterRowsByColumn(data, "Value", 2, 4).GetColumn<float>("Value"));
        Assert.Equal([4, 5], _ml.Data.FilterRowsByColumn(data, "Value", lowerBound: 4).GetColumn<float>("Value"));
        Assert.Null(_ml.Data.FilterRowsByColumn(data, "Value", 2, 4).GetRowCount());
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.FilterRowsByColumn(data, "Value", 4, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.FilterRowsByColumn(_ml.Data.LoadFromEnumerable(Numbered.Rows(2)), "Name"));
    }

    [Fact]
    public void FilterRowsByKeyColumnFraction_TakesAShareOfTheKeys()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(4));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Key", "Name").Fit(data).Transform(data);

        Assert.Equal([0, 1], _ml.Data.FilterRowsByKeyColumnFraction(keyed, "Key", 0, 0.5).GetColumn<int>("Number"));
        Assert.Equal([2, 3], _ml.Data.FilterRowsByKeyColumnFraction(keyed, "Key", 0.5, 1).GetColumn<int>("Number"));
    }

    [Fact]
    public void TrainTestSplit_Parts_HaveEachRowOnce_AndTheSchema()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(200));
        DataOperationsCatalog.TrainTestData split = _ml.Data.TrainTestSplit(data, 0.25);
        int[] train = [.. split.TrainSet.GetColumn<int>("Number")];
        int[] test = [.. split.TestSet.GetColumn<int>("Number")];

        Assert.Equal(Enumerable.Range(0, 200), train.Concat(test).Order());
        Assert.InRange(test.Length, 30, 70);
        Assert.Equal(["Number", "Name"], split.TrainSet.Schema.Select(c => c.Name));
        Assert.Equal(test, split.TestSet.GetColumn<int>("Number"));
    }

    [Fact]
    public void TrainTestSplit_Seeds_GiveTheseRows()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(30));

        Assert.Equal(Expected.SplitSeedOfContext1, _ml.Data.TrainTestSplit(data, 0.2).TestSet.GetColumn<int>("Number"));
        Assert.Equal(Expected.SplitSeed7, _ml.Data.TrainTestSplit(data, 0.2, seed: 7).TestSet.GetColumn<int>("Number"));
        Assert.Equal(Expected.SplitNoSeed, new MLContext().Data.TrainTestSplit(data, 0.2).TestSet.GetColumn<int>("Number"));
    }

    [Fact]
    public void TrainTestSplit_SamplingKey_KeepsGroupsTogether()
    {
        List<Numbered> rows = [.. Enumerable.Range(0, 300).Select(i => new Numbered { Number = i, Name = $"group {i % 20}" })];
        DataOperationsCatalog.TrainTestData split = _ml.Data.TrainTestSplit(_ml.Data.LoadFromEnumerable(rows), 0.3, "Name");
        string[] train = [.. split.TrainSet.GetColumn<string>("Name").Distinct()];
        string[] test = [.. split.TestSet.GetColumn<string>("Name").Distinct()];

        Assert.NotEmpty(train);
        Assert.NotEmpty(test);
        Assert.Empty(train.Intersect(test));
        Assert.Equal(20, train.Length + test.Length);
        Assert.Contains(
            "'Nope'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.TrainTestSplit(_ml.Data.LoadFromEnumerable(rows), 0.3, "Nope")).Message);
    }

    [Fact]
    public void CrossValidationSplit_EachRowIsTestedOnce()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(100));
        IReadOnlyList<DataOperationsCatalog.TrainTestData> folds = _ml.Data.CrossValidationSplit(data, 4);

        Assert.Equal(4, folds.Count);
        Assert.Equal(Enumerable.Range(0, 100), folds.SelectMany(f => f.TestSet.GetColumn<int>("Number")).Order());
        Assert.All(folds, f => Assert.Equal(
            Enumerable.Range(0, 100), f.TrainSet.GetColumn<int>("Number").Concat(f.TestSet.GetColumn<int>("Number")).Order()));
        Assert.Equal(Expected.SecondFoldOf4, folds[1].TestSet.GetColumn<int>("Number"));
        Assert.Equal("numberOfFolds", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.CrossValidationSplit(data, 1)).ParamName);
        Assert.Equal("testFraction", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.TrainTestSplit(data, 1)).ParamName);
    }

    [Fact]
    public void Cache_ReadsEachColumnOnce()
    {
        var source = new CountingDataView(_ml.Data.LoadFromEnumerable(Numbered.Rows(10)));
        IDataView cached = _ml.Data.Cache(source);

        Assert.Equal(0, source.Cursors);
        for (int i = 0; i < 3; i++)
            Assert.Equal(Enumerable.Range(0, 10), cached.GetColumn<int>("Number"));
        Assert.Equal(1, source.Cursors);
        Assert.Equal("row 3", cached.GetColumn<string>("Name").ElementAt(3));
        Assert.Equal("row 3", cached.GetColumn<string>("Name").ElementAt(3));
        Assert.Equal(2, source.Cursors);
        Assert.Equal(10, cached.GetRowCount());
        Assert.True(cached.CanShuffle);
    }

    [Fact]
    public void Cache_ColumnsToPrefetch_MustExist()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(10));

        Assert.Contains("'Nope'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.Cache(data, "Nope")).Message);
        Assert.Equal(10, _ml.Data.Cache(data, "Name").GetColumn<string>("Name").Count());
    }

    [Fact]
    public void Cache_Shuffled_VisitsEachRowOnce()
    {
        IDataView cached = _ml.Data.Cache(_ml.Data.LoadFromEnumerable(Numbered.Rows(30)));
        using DataViewRowCursor cursor = cached.GetRowCursor(cached.Schema, new Random(1));
        ValueGetter<int> getter = cursor.GetGetter<int>(cached.Schema["Number"]);
        var seen = new List<int>();
        int value = 0;
        while (cursor.MoveNext())
        {
            getter(ref value);
            seen.Add(value);
        }

        Assert.Equal(Enumerable.Range(0, 30), seen.Order());
        Assert.NotEqual(Enumerable.Range(0, 30), seen);
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(5)]
    public void ShuffleRows_IsAPermutation_TheSameForASeed(int pool)
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(40));
        int[] shuffled = [.. _ml.Data.ShuffleRows(data, seed: 3, shufflePoolSize: pool, shuffleSource: false).GetColumn<int>("Number")];

        Assert.Equal(Enumerable.Range(0, 40), shuffled.Order());
        Assert.NotEqual(Enumerable.Range(0, 40), shuffled);
        Assert.Equal(shuffled, _ml.Data.ShuffleRows(data, seed: 3, shufflePoolSize: pool, shuffleSource: false).GetColumn<int>("Number"));
        Assert.NotEqual(shuffled, _ml.Data.ShuffleRows(data, seed: 4, shufflePoolSize: pool, shuffleSource: false).GetColumn<int>("Number"));
    }

    [Fact]
    public void ShuffleRows_KeepsRowsWhole()
    {
        IDataView shuffled = _ml.Data.ShuffleRows(_ml.Data.LoadFromEnumerable(Numbered.Rows(40)), seed: 3);

        Assert.All(_ml.Data.CreateEnumerable<Numbered>(shuffled, false), r => Assert.Equal($"row {r.Number}", r.Name));
    }

    public sealed class Valued
    {
        public float Value { get; set; }
    }
}
