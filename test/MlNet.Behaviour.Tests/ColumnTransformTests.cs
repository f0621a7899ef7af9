using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class ColumnTransformTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void CopyColumns_TakesTypeValuesAndAnnotations()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(3));
        IDataView copied = _ml.Transforms.Conversion.MapValueToKey("Label").Append(_ml.Transforms.CopyColumns("Copy", "Label")).Fit(data).Transform(data);

        Assert.Equal([1u, 2u, 3u], copied.GetColumn<uint>("Copy"));
        Assert.Equal(["b", "a", "c"], Text.KeyValues(copied.Schema["Copy"]));
    }

    [Fact]
    public void CopyColumns_OverItsOwnName_HidesTheOld()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        IDataView copied = _ml.Transforms.CopyColumns("Name", "Number").Fit(data).Transform(data);

        Assert.Equal(["Number", "Name", "Name"], copied.Schema.Select(c => c.Name));
        Assert.Equal([false, true, false], copied.Schema.Select(c => c.IsHidden));
        Assert.Equal([0, 1], copied.GetColumn<int>("Name"));
        Assert.Equal(["row 0", "row 1"], copied.GetColumn<string>(copied.Schema[1]));
    }

    [Fact]
    public void DropColumns_LeavesTheOthers()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(2));

        Assert.Equal(["Features"], _ml.Transforms.DropColumns("Label").Fit(data).Transform(data).Schema.Select(c => c.Name));
        Assert.Contains("'Nope'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.DropColumns("Nope").Fit(data)).Message);
    }

    [Fact]
    public void SelectColumns_KeepsTheAskedOnesInTheAskedOrder()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        IDataView copied = _ml.Transforms.CopyColumns("Number", "Name").Fit(data).Transform(data);
        IDataView selected = _ml.Transforms.SelectColumns("Name", "Number").Fit(copied).Transform(copied);

        Assert.Equal(["Name", "Number"], selected.Schema.Select(c => c.Name));
        Assert.Equal(["row 0", "row 1"], selected.GetColumn<string>("Number"));
        IDataView hidden = _ml.Transforms.SelectColumns(["Number"], keepHidden: true).Fit(copied).Transform(copied);
        Assert.Equal(2, hidden.Schema.Count);
        Assert.Contains("Nope", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.SelectColumns("Nope").Fit(data)).Message);
    }

    [Fact]
    public void Concatenate_JoinsScalarsAndVectors_WithSlotNames()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Mixed { X = 1, Y = [2, 3] }, new Mixed { X = 4, Y = [5, 6] } });
        IDataView joined = _ml.Transforms.Concatenate("All", "X", "Y", "X").Fit(data).Transform(data);

        Assert.Equal("Vector<Single, 4>", joined.Schema["All"].Type.ToString());
        Assert.Equal([[1, 2, 3, 1], [4, 5, 6, 4]], joined.GetColumn<float[]>("All"));
        Assert.Equal(["X", "", "", "X"], Text.SlotNames(joined.Schema["All"]));
    }

    [Fact]
    public void Concatenate_OtherTypes_Throws()
    {
        IDataView data = _ml.Data.LoadFromEnumerable([new Mixed { Y = [1, 2] }]);

        Assert.Contains("'Text'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.Concatenate("All", "X", "Text").Fit(data).Transform(data)).Message);
        Assert.Contains("'Nope'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.Concatenate("All", "Nope").Fit(data).Transform(data)).Message);
    }

    public sealed class Mixed
    {
        public float X { get; set; }

        [VectorType(2)]
        public float[] Y { get; set; }

        public string Text { get; set; }
    }
}
