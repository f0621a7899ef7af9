using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class TextFileTests : IDisposable
{
    private static readonly TextLoader.Column[] _columns =
    [
        new("Text", DataKind.String, 0),
        new("Floats", DataKind.Single, 1, 2),
        new("Int", DataKind.Int32, 3),
        new("Flag", DataKind.Boolean, 4),
    ];

    private readonly MLContext _ml = new(1);
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Columns_AreReadFromTheirFields()
    {
        IDataView data = Load("h1,h2,h3,h4,h5\na,1,2,3,true\n b ,,x,-4,1\n\nc,1e3\nd,nan,1,5,no\n", ',', hasHeader: true);

        Assert.Equal(["Text: String", "Floats: Vector<Single, 2>", "Int: Int32", "Flag: Boolean"], data.Schema.Select(c => c.ToString()));
        Assert.Equal(["a", "b ", "c", "d"], data.GetColumn<string>("Text"));
        Assert.Equal([[1, 2], [0, float.NaN], [1000, 0], [float.NaN, 1]], data.GetColumn<float[]>("Floats"));
        Assert.Equal([3, -4, 0, 5], data.GetColumn<int>("Int"));
        Assert.Equal([true, true, false, false], data.GetColumn<bool>("Flag"));
        Assert.Null(data.GetRowCount());
    }

    [Fact]
    public void Quotes_KeepSeparatorsAndQuotes_WhereAllowed()
    {
        IDataView data = Load("\"q,\"\"x\"\"\",1,2,3,0\nplain,1,2,3,0\n", ',', allowQuoting: true);

        Assert.Equal(["q,\"x\"", "plain"], data.GetColumn<string>("Text"));
        Assert.Equal([3, 3], data.GetColumn<int>("Int"));
    }

    [Fact]
    public void Members_SayTheirFields()
    {
        File.WriteAllText(_path, "# remark\nlabel\t1\t2\r\nb\t3\t4\r\n");
        IDataView data = _ml.Data.LoadFromTextFile<Row>(_path);

        Assert.Equal(["label", "b"], data.GetColumn<string>("Label"));
        Assert.Equal([[1, 2], [3, 4]], data.GetColumn<float[]>("Features"));
    }

    [Fact]
    public void WhatIsNoNumber_NamesLineAndColumn()
    {
        IDataView data = Load("a,1,2,zz,0\n", ',');

        Assert.Contains("Could not parse value zz in line 1, column Int", Assert.ThrowsAny<Exception>(() => data.GetColumn<int>("Int").ToList()).GetBaseException().Message);
    }

    [Fact]
    public void MissingFile_Throws()
        => Assert.Equal("path", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Data.LoadFromTextFile<Row>(_path + ".no")).ParamName);

    private IDataView Load(string text, char separator, bool hasHeader = false, bool allowQuoting = false)
    {
        File.WriteAllText(_path, text);
        return _ml.Data.LoadFromTextFile(_path, _columns, separator, hasHeader, allowQuoting);
    }

    public sealed class Row
    {
        [LoadColumn(0)]
        public string Label { get; set; }

        [LoadColumn(1, 2)]
        public float[] Features { get; set; }
    }
}
