using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MlNet.Behaviour.Tests;

public sealed class KeyTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void MapValueToKey_NumbersInOrderOfAppearance()
    {
        IDataView keyed = Keyed(["b", "a", "", "c", "a", null]);

        Assert.Equal([1u, 2u, 0u, 3u, 2u, 0u], keyed.GetColumn<uint>("Key"));
        Assert.Equal("Key<UInt32, 0-2>", keyed.Schema["Key"].Type.ToString());
        Assert.True(keyed.Schema["Key"].HasKeyValues());
        Assert.Equal(["b", "a", "c"], Text.KeyValues(keyed.Schema["Key"]));
    }

    [Fact]
    public void MapValueToKey_ByValue_SortsByCharacterCode()
    {
        IDataView keyed = Keyed(["b", "a", "B", "é", "_", "10", "9"], keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue);

        Assert.Equal(["10", "9", "B", "_", "a", "b", "é"], Text.KeyValues(keyed.Schema["Key"]));
    }

    [Fact]
    public void MapValueToKey_Numbers_KeepTheirTypeInTheAnnotation()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { 30f, 10f, float.NaN, 30f }.Select(v => new Single { Value = v }));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Value", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(data).Transform(data);

        Assert.Equal([2u, 1u, 0u, 2u], keyed.GetColumn<uint>(keyed.Schema["Value"]));
        VBuffer<float> values = default;
        keyed.Schema["Value"].GetKeyValues(ref values);
        Assert.Equal([10, 30], values.DenseValues());
        Assert.False(keyed.Schema["Value"].HasKeyValues());
        Assert.True(keyed.Schema["Value"].HasKeyValues(NumberDataViewType.Single));
        VBuffer<ReadOnlyMemory<char>> text = default;
        Assert.Throws<InvalidOperationException>(() => keyed.Schema["Value"].GetKeyValues(ref text));
    }

    [Fact]
    public void MapValueToKey_AnnotationsAsText_AreText()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Key", "Number", addKeyValueAnnotationsAsText: true).Fit(data).Transform(data);

        Assert.Equal(["0", "1"], Text.KeyValues(keyed.Schema["Key"]));
    }

    [Fact]
    public void MapValueToKey_KeyData_GivesTheOrder()
    {
        IDataView terms = _ml.Data.LoadFromEnumerable(new[] { "x", "a", "b" }.Select(v => new Single1 { Term = v }));
        IDataView keyed = Keyed(["b", "a", "q"], keyData: terms);

        Assert.Equal([3u, 2u, 0u], keyed.GetColumn<uint>("Key"));
        Assert.Equal(["x", "a", "b"], Text.KeyValues(keyed.Schema["Key"]));
    }

    [Fact]
    public void MapValueToKey_KeyDataWithTwoColumnsOrAnotherType_Throws()
    {
        IDataView two = _ml.Data.LoadFromEnumerable(Numbered.Rows(2));
        IDataView numbers = _ml.Data.LoadFromEnumerable([new Single()]);

        Assert.Equal("keyData", Assert.Throws<ArgumentOutOfRangeException>(() => Keyed(["a"], keyData: two)).ParamName);
        Assert.Equal("keyData", Assert.Throws<ArgumentOutOfRangeException>(() => Keyed(["a"], keyData: numbers)).ParamName);
    }

    [Fact]
    public void MapValueToKey_Maximum_KeepsTheFirst()
    {
        IDataView keyed = Keyed(["b", "a", "c", "b"], maximum: 2);

        Assert.Equal([1u, 2u, 0u, 1u], keyed.GetColumn<uint>("Key"));
        Assert.Equal(["b", "a"], Text.KeyValues(keyed.Schema["Key"]));
    }

    [Fact]
    public void MapValueToKey_Vector_MapsEachSlot()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new Words { Items = ["b", "a"] }, new Words { Items = ["a", "c"] } });
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Items")
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Back", "Items")).Fit(data).Transform(data);

        Assert.Equal("Vector<Key<UInt32, 0-2>, 2>", keyed.Schema["Items"].Type.ToString());
        Assert.Equal([[1u, 2u], [2u, 3u]], keyed.GetColumn<uint[]>("Items"));
        Assert.Equal([["b", "a"], ["a", "c"]], keyed.GetColumn<string[]>("Back"));
    }

    [Fact]
    public void MapValueToKey_UnseenValue_IsMissing()
    {
        ITransformer model = _ml.Transforms.Conversion.MapValueToKey("Key", "Term").Fit(Terms(["a", "b"]));

        Assert.Equal([0u, 2u], model.Transform(Terms(["z", "b"])).GetColumn<uint>("Key"));
    }

    [Fact]
    public void MapKeyToValue_GivesValuesBack_AndNothingForMissing()
    {
        IDataView keyed = Keyed(["b", "a", ""]);
        IDataView back = _ml.Transforms.Conversion.MapKeyToValue("Back", "Key").Fit(keyed).Transform(keyed);

        Assert.Equal("String", back.Schema["Back"].Type.ToString());
        Assert.Equal(["b", "a", ""], back.GetColumn<string>("Back"));
        Assert.Empty(back.Schema["Back"].Annotations.Schema);
    }

    [Fact]
    public void Errors_NameTheColumn()
    {
        IDataView data = Terms(["a"]);

        var missing = Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.Conversion.MapValueToKey("Key", "Nope")
            .Append(_ml.Transforms.CopyColumns("A", "Key")).Fit(data));
        Assert.Equal("inputSchema", missing.ParamName);
        Assert.Contains("Could not find input column 'Nope'", missing.Message);
        var noKey = Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.CopyColumns("A", "Term")
            .Append(_ml.Transforms.Conversion.MapKeyToValue("A")).Fit(data));
        Assert.Contains("Schema mismatch for input column 'A': expected KeyType, got String", noKey.Message);
        Assert.Contains("KeyValues", Assert.Throws<InvalidOperationException>(() => _ml.Transforms.Conversion.MapKeyToValue("Term").Fit(data)).Message);
    }

    private IDataView Terms(string[] terms) => _ml.Data.LoadFromEnumerable(terms.Select(v => new Single1 { Term = v }).ToList());

    private IDataView Keyed(
        string[] terms,
        int maximum = 1000000,
        ValueToKeyMappingEstimator.KeyOrdinality keyOrdinality = ValueToKeyMappingEstimator.KeyOrdinality.ByOccurrence,
        IDataView keyData = null)
    {
        IDataView data = Terms(terms);
        return _ml.Transforms.Conversion.MapValueToKey("Key", "Term", maximum, keyOrdinality, keyData: keyData).Fit(data).Transform(data);
    }

    public sealed class Single
    {
        public float Value { get; set; }
    }

    public sealed class Single1
    {
        public string Term { get; set; }
    }

    public sealed class Words
    {
        [VectorType(2)]
        public string[] Items { get; set; }
    }
}
