using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class PredictionEngineTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void Predict_RunsTheWholeChain()
    {
        using PredictionEngine<Point, Prediction> engine = _ml.Model.CreatePredictionEngine<Point, Prediction>(Model());

        Prediction prediction = engine.Predict(new Point { Features = [10, -10] });
        Assert.Equal("a", prediction.PredictedLabel);
        Assert.Equal(3, prediction.Score.Length);
        Assert.Equal(1, prediction.Score.Sum(), 4);
        Assert.Equal("c", engine.Predict(new Point { Features = [20, -20] }).PredictedLabel);
        Assert.Equal(["b", "a", "c"], Text.SlotNames(engine.OutputSchema["Score"]));
    }

    [Fact]
    public void Predict_IntoAnObject_FillsIt()
    {
        using PredictionEngine<Point, Prediction> engine = _ml.Model.CreatePredictionEngine<Point, Prediction>(Model());
        var prediction = new Prediction();
        Prediction same = prediction;
        engine.Predict(new Point { Features = [0, 0] }, ref prediction);

        Assert.Same(same, prediction);
        Assert.Equal("b", prediction.PredictedLabel);
        Assert.Throws<ArgumentNullException>(() => engine.Predict(null));
    }

    [Fact]
    public void OneEngineAThread_OnOneModel()
    {
        ITransformer model = Model();

        Parallel.For(0, 8, i =>
        {
            using PredictionEngine<Point, Prediction> engine = _ml.Model.CreatePredictionEngine<Point, Prediction>(
                model, new PredictionEngineOptions { OwnsTransformer = false });
            for (int j = 0; j < 50; j++)
                Assert.Equal("bac"[j % 3].ToString(), engine.Predict(new Point { Features = [j % 3 * 10, j % 3 * -10] }).PredictedLabel);
        });
    }

    [Fact]
    public void Dispose_DisposesTheModelThatItOwns()
    {
        var transformer = new CentroidTransformer("Features", [[0, 0], [1, 1]], ["x", "y"]);
        _ml.Model.CreatePredictionEngine<Point, Keys>(transformer, new PredictionEngineOptions { OwnsTransformer = false }).Dispose();
        Assert.False(transformer.Disposed);

        _ml.Model.CreatePredictionEngine<Point, Keys>(transformer).Dispose();
        Assert.True(transformer.Disposed);
    }

    [Fact]
    public void MissingOutputColumn_IsIgnoredByDefault()
    {
        ITransformer model = Model();

        Assert.Null(_ml.Model.CreatePredictionEngine<Point, Unknown>(model).Predict(Point.Clouds(1)[0]).Nope);
        Assert.ThrowsAny<Exception>(() => _ml.Model.CreatePredictionEngine<Point, Unknown>(model, ignoreMissingColumns: false));
    }

    [Fact]
    public void InputSchemaDefinition_GivesAByteVectorItsSize()
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Bytes));
        definition["Data"].ColumnType = new VectorDataViewType(NumberDataViewType.Byte, 4);
        var model = _ml.Transforms.CopyColumns("Copy", "Data").Fit(_ml.Data.LoadFromEnumerable<Bytes>([], definition));
        using var engine = _ml.Model.CreatePredictionEngine<Bytes, Copied>(model, inputSchemaDefinition: definition);

        Assert.Equal([1, 2, 3, 4], engine.Predict(new Bytes { Data = [1, 2, 3, 4] }).Copy);
        Assert.Equal("Vector<Byte, 4>", engine.OutputSchema["Copy"].Type.ToString());
    }

    private ITransformer Model() => _ml.Transforms.Conversion.MapValueToKey("Label")
        .Append(new CentroidTrainer())
        .Append(_ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
        .Fit(_ml.Data.LoadFromEnumerable(Point.Clouds(30)));

    public sealed class Keys
    {
        public uint PredictedLabel { get; set; }
    }

    public sealed class Unknown
    {
        public string Nope { get; set; }
    }

    public sealed class Bytes
    {
        public byte[] Data { get; set; }
    }

    public sealed class Copied
    {
        public byte[] Copy { get; set; }
    }
}
