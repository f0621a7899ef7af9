using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class EnumerableTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void LoadFromEnumerable_MembersBecomeColumns_FieldsFirst()
    {
        IDataView data = _ml.Data.LoadFromEnumerable<Row>([]);

        Assert.Equal(
            ["Field: Single", "Renamed: String", "Flag: Boolean", "Unsized: Vector<Int32>", "Sized: Vector<Double, 2>", "Grid: Vector<Single, 2, 3>", "Names: Vector<String>",
                "Buffer: Vector<Byte>", "Key: Key<UInt32, 0-2>", "Memory: String"],
            data.Schema.Select(c => c.ToString()));
    }

    [Fact]
    public void CreateEnumerable_GivesTheRowsBack()
    {
        Row row = new()
        {
            Field = 1.5f,
            Text = "é",
            Flag = true,
            Unsized = [1, 2, 3],
            Sized = [4, 5],
            Grid = [1, 2, 3, 4, 5, 6],
            Names = ["x", null, "z"],
            Buffer = new VBuffer<byte>(4, 1, [9], [2]),
            Key = 2,
            Memory = "memory".AsMemory(),
        };
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { row, new Row() });
        List<Row> back = [.. _ml.Data.CreateEnumerable<Row>(data, reuseRowObject: false)];

        Assert.Equal(2, back.Count);
        Assert.Equal(1.5f, back[0].Field);
        Assert.Equal("é", back[0].Text);
        Assert.True(back[0].Flag);
        Assert.Equal([1, 2, 3], back[0].Unsized);
        Assert.Equal([4, 5], back[0].Sized);
        Assert.Equal([1, 2, 3, 4, 5, 6], back[0].Grid);
        Assert.Equal(["x", "", "z"], back[0].Names);
        Assert.Equal([0, 0, 9, 0], back[0].Buffer.DenseValues());
        Assert.Equal([3u, 1u], back.Select(r => r.Key));
        Assert.Equal("memory", back[0].Memory.ToString());
        Assert.Equal("", back[1].Text);
        Assert.Null(back[1].Unsized);
        Assert.Null(back[0].Ignored);
    }

    [Fact]
    public void CreateEnumerable_Reuse_GivesOneObject()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(3));

        Assert.Single(_ml.Data.CreateEnumerable<Numbered>(data, reuseRowObject: true).Distinct());
        Assert.Equal(3, _ml.Data.CreateEnumerable<Numbered>(data, reuseRowObject: false).Distinct().Count());
    }

    [Fact]
    public void CreateEnumerable_Reuse_KeepsArraysOfTheRightSize()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(3));

        Assert.Single(_ml.Data.CreateEnumerable<Point>(data, reuseRowObject: true).Select(p => p.Features).Distinct());
        Assert.Equal(3, _ml.Data.CreateEnumerable<Point>(data, reuseRowObject: false).Select(p => p.Features).Distinct().Count());
    }

    [Fact]
    public void CreateEnumerable_MissingColumn_ThrowsUnlessIgnored()
    {
        IDataView data = _ml.Transforms.DropColumns("Name").Fit(_ml.Data.LoadFromEnumerable(Numbered.Rows(2)))
            .Transform(_ml.Data.LoadFromEnumerable(Numbered.Rows(2)));

        var e = Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.CreateEnumerable<Numbered>(data, false).ToList());
        Assert.Contains("column 'Name'", e.Message);
        Assert.All(_ml.Data.CreateEnumerable<Numbered>(data, false, ignoreMissingColumns: true), r => Assert.Null(r.Name));
    }

    [Fact]
    public void CreateEnumerable_WrongType_NamesColumnAndMember()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));

        var e = Assert.Throws<InvalidOperationException>(() => _ml.Data.CreateEnumerable<WrongNumber>(data, false).ToList());
        Assert.Contains("Can't bind the IDataView column 'Number' of type 'Int32' to field or property 'Number' of type 'System.Single'", e.Message);
    }

    [Fact]
    public void LoadFromEnumerable_SchemaDefinition_OverridesNameTypeAndAnnotations()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Point));
        definition["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 1, 2);
        definition["Label"].ColumnName = "Class";
        definition["Class"].AddAnnotation("Note", 5, NumberDataViewType.Int32);
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(3), definition);

        int note = 0;
        data.Schema["Class"].Annotations.GetValue("Note", ref note);
        Assert.Equal(5, note);
        Assert.Equal("Features: Vector<Single, 1, 2>", data.Schema["Features"].ToString());
        Assert.Equal(["b", "a", "c"], data.GetColumn<string>("Class"));
    }

    [Fact]
    public void LoadFromEnumerable_WrongColumnType_Throws()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Numbered));
        definition["Number"].ColumnType = NumberDataViewType.Single;
        Assert.Contains("'Number'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable(Numbered.Rows(1), definition)).Message);

        definition["Number"].ColumnType = new VectorDataViewType(NumberDataViewType.Int32);
        Assert.Contains("scalar", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable(Numbered.Rows(1), definition)).Message);
    }

    [Fact]
    public void LoadFromEnumerable_UnknownTypeOrDuplicateName_Throws()
    {
        Assert.Contains("Value", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable<Unsupported>([])).Message);
        Assert.Contains("'Same'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromEnumerable<Duplicate>([])).Message);
        Assert.Equal("data", Assert.Throws<ArgumentNullException>(() => _ml.Data.LoadFromEnumerable<Numbered>(null)).ParamName);
    }

    [Fact]
    public void LoadFromEnumerable_Sequence_IsReadAnewByEachCursorAndHasNoCount()
    {
        int readings = 0;
        IEnumerable<Numbered> Sequence()
        {
            readings++;
            foreach (Numbered row in Numbered.Rows(4))
                yield return row;
        }

        IDataView data = _ml.Data.LoadFromEnumerable(Sequence());

        Assert.Null(data.GetRowCount());
        Assert.False(data.CanShuffle);
        Assert.Equal([0, 1, 2, 3], data.GetColumn<int>("Number"));
        Assert.Equal([0, 1, 2, 3], data.GetColumn<int>("Number"));
        Assert.Equal(2, readings);
        Assert.Equal(4, _ml.Data.LoadFromEnumerable(Numbered.Rows(4)).GetRowCount());
        Assert.False(_ml.Data.LoadFromEnumerable(Numbered.Rows(4)).CanShuffle);
    }

    [Fact]
    public void GetColumn_WrongTypeOrName_Throws()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));

        Assert.Throws<ArgumentOutOfRangeException>(() => data.GetColumn<int>("Nope").ToList());
        Assert.ThrowsAny<Exception>(() => data.GetColumn<float>("Number").ToList());
        Assert.Equal(["row 0", "row 1"], data.GetColumn<ReadOnlyMemory<char>>("Name").Select(m => m.ToString()));
    }

    [Fact]
    public void VectorAttribute_OnScalar_Throws()
        => Assert.Contains("Value", Assert.Throws<ArgumentOutOfRangeException>(() => SchemaDefinition.Create(typeof(ScalarAsVector))).Message);

    public sealed class Row
    {
        public float Field;

        [ColumnName("Renamed")]
        public string Text { get; set; }

        public bool Flag { get; set; }

        public int[] Unsized { get; set; }

        [VectorType(2)]
        public double[] Sized { get; set; }

        [VectorType(2, 3)]
        public float[] Grid { get; set; }

        public string[] Names { get; set; }

        public VBuffer<byte> Buffer { get; set; }

        [KeyType(3)]
        public uint Key { get; set; }

        public ReadOnlyMemory<char> Memory { get; set; }

        [NoColumn]
        public object Ignored { get; set; }
    }

    public sealed class WrongNumber
    {
        public float Number { get; set; }
    }

    public sealed class Unsupported
    {
        public Uri Value { get; set; }
    }

    public sealed class Duplicate
    {
        public int Same { get; set; }

        [ColumnName("Same")]
        public int Other { get; set; }
    }

    public sealed class ScalarAsVector
    {
        [VectorType(2)]
        public float Value { get; set; }
    }
}
