using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MlNet.Behaviour.Tests;

public sealed class ModelTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void SaveAndLoad_ChainOfOwnTransforms_GivesTheSameValues()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(6));
        var model = _ml.Transforms.Conversion.MapValueToKey("Key", "Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Back", "Key"))
            .Append(_ml.Transforms.CopyColumns("Copy", "Features"))
            .Append(_ml.Transforms.Concatenate("Both", "Features", "Copy"))
            .Append(_ml.Transforms.DropColumns("Copy"))
            .Fit(data);

        ITransformer loaded = RoundTrip(model, data.Schema, out DataViewSchema schema);
        IDataView expected = model.Transform(data);
        IDataView actual = loaded.Transform(data);

        Assert.Equal(expected.Schema.Select(c => c.ToString()), actual.Schema.Select(c => c.ToString()));
        Assert.Equal(expected.GetColumn<uint>("Key"), actual.GetColumn<uint>("Key"));
        Assert.Equal(expected.GetColumn<string>("Back"), actual.GetColumn<string>("Back"));
        Assert.Equal(expected.GetColumn<float[]>("Both"), actual.GetColumn<float[]>("Both"));
        Assert.Equal(["Label: String", "Features: Vector<Single, 2>"], schema.Select(c => c.ToString()));
        Assert.IsType<TransformerChain<ITransformer>>(loaded);
    }

    [Fact]
    public void Save_Schema_KeepsKeysAndAnnotations()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(6));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        RoundTrip(_ml.Transforms.CopyColumns("A", "Label").Fit(keyed), keyed.Schema, out DataViewSchema schema);

        Assert.Equal("Key<UInt32, 0-2>", schema["Label"].Type.ToString());
        Assert.Equal(["b", "a", "c"], Text.KeyValues(schema["Label"]));
    }

    [Fact]
    public void Save_NoSchema_LoadsNull()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(6));
        ITransformer loaded = RoundTrip(_ml.Transforms.CopyColumns("A", "Label").Fit(data), null, out DataViewSchema schema);

        Assert.Null(schema);
        Assert.IsType<ColumnCopyingTransformer>(loaded);
    }

    [Fact]
    public void SaveAndLoad_ThirdPartyTransformer_BareInAChainAndAgain()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(30));
        var model = _ml.Transforms.Conversion.MapValueToKey("Label").Append(new CentroidTrainer())
            .Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel")).Fit(data);
        string[] expected = [.. model.Transform(data).GetColumn<string>("PredictedLabel")];

        var first = (TransformerChain<ITransformer>)RoundTrip(model, data.Schema, out _);
        ITransformer second = RoundTrip(first, data.Schema, out _);

        Assert.Equal(expected, first.Transform(data).GetColumn<string>("PredictedLabel"));
        Assert.Equal(expected, second.Transform(data).GetColumn<string>("PredictedLabel"));
        CentroidTransformer inner = Assert.IsType<CentroidTransformer>(first.ElementAt(1));
        Assert.IsType<CentroidTransformer>(RoundTrip(inner, null, out _));
    }

    [Fact]
    public void Load_UnregisteredThirdPartyTransformer_Fails()
    {
        using var stream = new MemoryStream();
        _ml.Model.Save(new CentroidTransformer("Features", [[0, 0], [1, 1]], ["x", "y"]), null, stream);
        stream.Position = 0;

        var e = Assert.Throws<FormatException>(() => new MLContext().Model.Load(stream, out _));
        Assert.Contains("Couldn't load model: 'TransformerChain'", e.Message);
    }

    [Fact]
    public void Load_UnregisteredThirdPartyTransformerInAChain_SaysWhichOne()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(3));
        using var stream = new MemoryStream();
        _ml.Model.Save(_ml.Transforms.Conversion.MapValueToKey("Label").Append(new CentroidTrainer()).Fit(data), null, stream);
        stream.Position = 0;

        Exception e = Assert.Throws<InvalidOperationException>(() => new MLContext().Model.Load(stream, out _));
        Assert.Contains("Error during class instantiation", e.Message);
        Assert.Contains("Couldn't load model: 'TransformerChain/Transform_001'", e.GetBaseException().Message.Replace('\\', '/'));
    }

    [Fact]
    public void RegisterLoader_Twice_Throws()
    {
        var ml = new MLContext();
        CentroidFormat.Register(ml);

        CentroidFormat.Register(ml);
        ml.Model.Save(ml.Transforms.CopyColumns("A", "Label").Fit(ml.Data.LoadFromEnumerable(Point.Clouds(3))), null, Stream.Null);
    }

    [Fact]
    public void Save_ToAFile_LoadsInAnotherContext()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(6));
            _ml.Model.Save(_ml.Transforms.Conversion.MapValueToKey("Label").Fit(data), data.Schema, path);

            ITransformer loaded = new MLContext().Model.Load(path, out _);
            Assert.Equal(["b", "a", "c"], Text.KeyValues(loaded.GetOutputSchema(data.Schema)["Label"]));
        }
        finally
        {
            File.Delete(path);
        }

        Assert.Throws<FileNotFoundException>(() => _ml.Model.Load(path, out _));
    }

    [Fact]
    public void Save_LeavesTheStreamOpen_AndLoadLeavesNoFileBehind()
    {
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            var ml = new MLContext { TempFilePath = folder };
            CentroidFormat.Register(ml);
            using var stream = new MemoryStream();
            ml.Model.Save(new CentroidTransformer("Features", [[0, 0], [1, 1]], ["x", "y"]), null, stream);
            Assert.True(stream.CanRead);
            stream.Position = 0;
            ml.Model.Load(stream, out _);

            Assert.Empty(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Load_NoArchive_Throws() => Assert.ThrowsAny<Exception>(() => _ml.Model.Load(new MemoryStream([1, 2, 3, 4]), out _));

    private static ITransformer RoundTrip(ITransformer model, DataViewSchema inputSchema, out DataViewSchema schema)
    {
        var ml = new MLContext();
        CentroidFormat.Register(ml);
        using var stream = new MemoryStream();
        ml.Model.Save(model, inputSchema, stream);
        stream.Position = 0;
        return ml.Model.Load(stream, out schema);
    }
}
